import type { ConnectionState } from '../client/connection'
import type { TranscriptEntry } from '../client/transcript'
import type { Wording } from './en'

/** Where a message of the visitor is, in words. Nothing where it is stored and is or was answered. */
export function deliveryText(
  { delivery, failure }: TranscriptEntry,
  connection: ConnectionState,
  wording: Wording,
): string | undefined {
  const code = failure?.code
  if (delivery === 'sent') {
    if (!failure) return undefined
    if (code === 'AI_TIMEOUT') return wording.answerTooSlow
    if (code === 'UNANSWERED') return wording.notAnswered
    return wording.answerFailed
  }
  if (delivery !== 'failed' && connection !== 'online')
    return connection === 'connecting' ? wording.waitingForFirstConnection : wording.waitingForConnection
  if (code === 'RATE_LIMITED') return delivery === 'failed' ? wording.tooMany : wording.tooManyWaits
  if (delivery === 'waiting') return wording.waitingForServer
  if (delivery !== 'failed') return wording.sending
  if (code === 'TOO_LARGE') return wording.tooLong
  return failure?.retryable ? wording.notSent : wording.refused
}
