import { useController, useConversation } from '../../widget-context'

/** Says plainly when there is no connection. Silent when there is, and while the first one is being made. */
export function ConnectionBanner() {
  const { conversation, wording } = useController()
  const connection = useConversation((state) => state.connection)
  const offline = connection === 'offline'
  return (
    <div role="status">
      {(offline || connection === 'reconnecting') && (
        <div className="banner">
          <span className="grow">{offline ? wording.offline : wording.reconnecting}</span>
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
