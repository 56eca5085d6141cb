import { Icon } from '../../ui/icon'
import * as icons from '../../ui/icons'
import { useController, useConversation, useWidget } from '../../widget-context'

/** Says plainly when there is no connection. Silent when there is, and while the first one is being made. */
export function ConnectionBanner() {
  const { conversation, wording } = useController()
  const connection = useConversation((state) => state.connection)
  const networkDown = useConversation((state) => state.networkDown)
  const offline = connection === 'offline'
  return (
    <div role="status">
      {(offline || connection === 'reconnecting') && (
        <div className="banner">
          <Icon path={icons.offline} size={18} />
          <span className="grow">
            {networkDown ? wording.networkDown : offline ? wording.offline : wording.reconnecting}
          </span>
          {offline && (
            <button type="button" className="link-button" onClick={() => conversation.wake()}>
              {wording.tryAgain}
            </button>
          )}
        </div>
      )}
    </div>
  )
}

/** What the visitor should know once, and can put away. */
export function Note() {
  const { store, wording } = useController()
  const note = useWidget((state) => state.note)
  return (
    <div role="status">
      {note && (
        <div className="banner banner-quiet">
          <span className="grow">{wording[note]}</span>
          <button type="button" className="link-button" onClick={() => store.setState({ note: undefined })}>
            {wording.understood}
          </button>
        </div>
      )}
    </div>
  )
}
