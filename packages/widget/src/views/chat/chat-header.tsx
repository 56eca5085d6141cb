import { useRef } from 'react'
import { Icon } from '../../ui/icon'
import { IconButton } from '../../ui/icon-button'
import * as icons from '../../ui/icons'
import { useFocusWhenAsked } from '../../ui/use-focus-when-asked'
import { TOUCH, useMediaQuery } from '../../ui/use-media-query'
import { useController, useConversation, useWidget } from '../../widget-context'

/** Not a `header` element: outside of an article that is a landmark, and the page has its own banner. */
export function ChatHeader() {
  const controller = useController()
  const { wording, settings } = controller
  const appearance = useWidget((state) => state.appearance)
  const connection = useConversation((state) => state.connection)
  const refusal = useConversation((state) => state.refusal)
  const heading = useRef<HTMLHeadingElement>(null)
  useFocusWhenAsked(heading, useMediaQuery(TOUCH))
  const online = connection === 'online'
  const status = online
    ? wording.online
    : connection === 'connecting'
      ? wording.connecting
      : wording.offlineShort
  return (
    <div className="header">
      <span className="brand" aria-hidden="true">
        <Icon path={icons.assistant} size={20} />
      </span>
      <div className="grow min-w-0">
        <h2 ref={heading} tabIndex={-1} className="header-title truncate">
          <bdi>{controller.ofHospital(appearance?.uiHints.widgetTitle) || wording.panel}</bdi>
        </h2>
        <p className="header-status">
          {!refusal && connection !== 'closed' && (
            <span className="header-connection">
              <span className={online ? 'dot dot-on' : 'dot'} aria-hidden="true" />
              {status}
            </span>
          )}
          {appearance?.contact.hospitalName && (
            <span className="header-hospital">
              <bdi>{appearance.contact.hospitalName}</bdi>
            </span>
          )}
        </p>
      </div>
      {refusal !== 'unavailable' && (
        <>
          <IconButton
            path={icons.history}
            label={wording.history}
            onClick={() => controller.go({ name: 'history' })}
          />
          <IconButton
            path={icons.settings}
            label={wording.settings}
            onClick={() => controller.go({ name: 'settings' })}
          />
        </>
      )}
      {settings.mode !== 'inline' && (
        <IconButton path={icons.close} label={wording.close} onClick={() => controller.hide()} />
      )}
    </div>
  )
}
