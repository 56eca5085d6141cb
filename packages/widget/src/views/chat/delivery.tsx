import type { TranscriptEntry } from '../../client/transcript'
import { useController, useConversation } from '../../widget-context'
import type { Wording } from '../../wording/en'

/** Where the visitor's own message is, and what can be done when it is not where it should be. */
export function Delivery({ entry }: { entry: TranscriptEntry }) {
  const { conversation, wording } = useController()
  const online = useConversation((state) => state.connection === 'online')
  const { delivery, failure, messageId } = entry
  if (delivery === 'sending')
    return <p className="meta">{online ? wording.sending : wording.waitingForConnection}</p>
  if (delivery !== 'failed' && !failure) return null
  return (
    <p className="meta problem">
      {failure ? reasonFor(failure.code, delivery, wording) : wording.notSent}
      {(!failure || failure.retryable) && (
        <>
          {' '}
          <button type="button" className="link-button" onClick={() => conversation.retry(messageId)}>
            {delivery === 'failed' ? wording.retry : wording.askAgain}
          </button>
        </>
      )}
    </p>
  )
}

function reasonFor(code: string, delivery: TranscriptEntry['delivery'], wording: Wording): string {
  if (code === 'TOO_LARGE') return wording.tooLong
  if (code === 'RATE_LIMITED') return wording.tooMany
  if (delivery === 'failed') return wording.refused
  return wording.notAnswered
}
