import type { Conversation } from './conversation'
import type { TranscriptEntry } from './transcript'

type Rating = TranscriptEntry['rating']

const waiting = new WeakMap<Conversation, Map<string, [rating: Rating, comment: string | undefined]>>()

/**
 * Says what the visitor thinks of an answer, or that they no longer do. Without a connection it waits for one, as long as the
 * page lives, and then this is false.
 */
export function rate(
  conversation: Conversation,
  messageId: string,
  rating?: Rating,
  comment?: string,
): boolean {
  const unsent = waiting.get(conversation)
  unsent?.delete(messageId)
  if (conversation.rate(messageId, rating, comment)) return true
  if (unsent) unsent.set(messageId, [rating, comment])
  else {
    waiting.set(conversation, new Map([[messageId, [rating, comment]]]))
    const stop = conversation.state.subscribe(({ connection }) => {
      if (connection !== 'online') return
      stop()
      const now = waiting.get(conversation) ?? []
      waiting.delete(conversation)
      for (const [id, [last, why]] of now) rate(conversation, id, last, why)
    })
  }
  return false
}
