import { useLayoutEffect, useState } from 'react'
import styles from '../styles/emergency.css?inline'
import { adopt } from '../ui/adopt'
import { Icon } from '../ui/icon'
import * as icons from '../ui/icons'
import { useController, useConversation } from '../widget-context'
import { enOtherViews as words } from '../wording/en-other-views'

/** Whom to call, above the message field until the visitor puts it away. In the conversation the same words stay. */
export function EmergencyNotice() {
  const controller = useController()
  const { root } = controller.host
  useLayoutEffect(() => adopt(root, styles), [root])
  const unstored = useConversation((state) => state.unstoredNotice)
  const stored = useConversation(({ transcript }) =>
    transcript.filter(({ notice }) => notice?.code === 'EMERGENCY').pop(),
  )
  const [dismissed, setDismissed] = useState(controller.storage.read().dismissedNotice)
  const shown = unstored ?? (stored && { ...stored, numbers: stored.notice?.numbers ?? [] })
  if (!shown || shown.messageId === dismissed) return null
  const { messageId, content, numbers } = shown
  const dismiss = () => {
    setDismissed(messageId)
    controller.storage.update({ dismissedNotice: messageId })
    controller.askForFocus()
  }
  return (
    <section className="alarm" aria-label={words.emergencyTitle}>
      <Icon path={icons.warning} size={22} />
      <p key={messageId} className="alarm-text" role="alert">
        {content}
      </p>
      <button
        type="button"
        className="alarm-close"
        aria-label={words.dismissNotice}
        title={words.dismissNotice}
        onClick={dismiss}
      >
        <Icon path="m6 6 12 12M18 6 6 18" size={18} />
      </button>
      <div className="alarm-numbers">
        {numbers.map(({ number, name }, index) => (
          <a
            key={number}
            className={index ? 'alarm-call' : 'alarm-call alarm-first'}
            href={`tel:${number.replace(/[^\d+*#]/g, '')}`}
          >
            <Icon path={icons.phone} size={18} />
            <span>
              {controller.wording.call(number)}
              {name && <small>{name}</small>}
            </span>
          </a>
        ))}
      </div>
    </section>
  )
}
