import type { TranscriptEntry } from '../../client/transcript'
import { Icon } from '../../ui/icon'
import * as icons from '../../ui/icons'
import { useController, useConversation, useLocale, useStore } from '../../widget-context'
import { timeOfDay } from '../../wording/dates'
import { deliveryText } from '../../wording/delivery'
import { otherViews } from '../other-views'

/** Where the visitor's own message is, and what can be done when it is not where it should be. */
export function Delivery({ entry, showTime }: { entry: TranscriptEntry; showTime: boolean }) {
  const controller = useController()
  const { conversation, wording } = controller
  const locale = useLocale()
  const connection = useConversation((state) => state.connection)
  const { part } = useStore(otherViews.state, (now) => now)
  const online = connection === 'online'
  const { delivery, failure, messageId, createdAt, seq } = entry
  const text = deliveryText(entry, connection, wording)
  if (!text)
    return showTime || entry.spoken ? (
      <p className="meta">
        {entry.spoken && part && <part.SpokenMark />}
        <Icon path={entry.read ? icons.checkTwice : icons.check} size={14} />
        <span className="sr-only">{entry.read ? wording.read : wording.sent}, </span>
        <time dateTime={createdAt}>{timeOfDay(createdAt, locale)}</time>
      </p>
    ) : null
  const unsent = seq === undefined
  const failed = delivery === 'failed' || delivery === 'sent'
  const onItsWay = delivery === 'sending' && online
  return (
    <div className={`meta${failed ? ' problem' : ''}${onItsWay ? ' on-its-way' : unsent ? ' unsent' : ''}`}>
      <Icon path={failed ? icons.warning : icons.clock} size={14} />
      <span>{text}</span>
      {failed && failure?.retryable !== false && (
        <button type="button" className="link-button" onClick={() => conversation.retry(messageId)}>
          {unsent ? wording.retry : wording.askAgain}
        </button>
      )}
      {unsent && !onItsWay && (
        <button type="button" className="link-button" onClick={() => controller.takeBack(messageId)}>
          {wording.edit}
        </button>
      )}
    </div>
  )
}
