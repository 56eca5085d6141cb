import { memo } from 'react'
import type { TranscriptEntry } from '../../client/transcript'
import { Formatted } from '../../markdown/formatted'
import { useController, useConversation, useLocale, useStore } from '../../widget-context'
import { timeOfDay } from '../../wording/dates'
import { useFileViews } from '../file-views'
import { otherViews } from '../other-views'
import { Delivery } from './delivery'
import { Sources } from './sources'

interface MessageProps {
  entry: TranscriptEntry
  startsGroup: boolean
  endsGroup: boolean
}

export const Message = memo(function Message({ entry, startsGroup, endsGroup }: MessageProps) {
  const { wording } = useController()
  const locale = useLocale()
  const { part } = useStore(otherViews.state, (now) => now)
  const { messageId, role, content, attachments } = entry
  const files = useFileViews(attachments)
  const cutOff =
    useConversation(({ connection }) => connection !== 'online') &&
    role === 'assistant' &&
    entry.seq === undefined
  if (role === 'system')
    return (
      <div className="notice">
        <span className="sr-only">{wording.notice}: </span>
        <Formatted text={content} />
      </div>
    )
  const own = role === 'user'
  return (
    <div
      data-message={messageId}
      className={`message ${own ? 'message-user' : 'message-assistant'}${startsGroup ? ' starts' : ''}${endsGroup ? ' ends' : ''}`}
    >
      <span className="sr-only">{own ? wording.you : wording.assistant}: </span>
      {/* What a visitor typed is shown as typed; only answers are formatted. */}
      {(content || entry.streaming) && (
        <div className={entry.streaming ? 'bubble streaming' : 'bubble'}>
          {own ? content : <Formatted text={content} />}
        </div>
      )}
      {files && attachments && <files.Received files={attachments} />}
      {cutOff && <p className="meta">{wording.answerCutOff}</p>}
      {entry.stopped && <p className="meta">{wording.stopped}</p>}
      {entry.citations.length > 0 && <Sources messageId={messageId} citations={entry.citations} />}
      {own ? (
        <Delivery entry={entry} showTime={endsGroup} />
      ) : (
        entry.seq !== undefined &&
        !entry.streaming && (
          <div className="answer-foot">
            {entry.spoken && part && (
              <p className="meta">
                <part.SpokenMark />
              </p>
            )}
            {endsGroup && (
              <time className="meta" dateTime={entry.createdAt}>
                {timeOfDay(entry.createdAt, locale)}
              </time>
            )}
            {part && <part.AnswerActions entry={entry} />}
          </div>
        )
      )}
    </div>
  )
})
