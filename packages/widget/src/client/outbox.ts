import type { TranscriptEntry } from './transcript'

/** A message of the visitor that the server has not acknowledged. */
export interface WaitingMessage {
  /** The same however often it is sent, and whichever tab sends it: the server stores it once. */
  messageId: string
  /** The conversation it was written for; missing when there was none yet. */
  sessionId?: string | undefined
  content: string
  attachments?: TranscriptEntry['attachments']
  createdAt: string
  /** Why it is no longer sent by itself. */
  failure?: TranscriptEntry['failure']
}

/** With 8,000 characters each, still a small part of what a site may store. */
export const MOST_WAITING = 10

/**
 * What was written and not yet acknowledged, so that a reload, a closed page or a crashed browser loses none of it.
 *
 * Kept in `localStorage` of the page's own origin: the browser shows it to no other site, it outlives the page (unlike
 * memory and `sessionStorage`), is written before the next line runs (unlike IndexedDB, whose transaction a closing page
 * cuts off), and tells the other tabs by itself. A key for each message, because two tabs that rewrite one list at the
 * same moment lose an entry. Nothing stays: a message leaves with its acknowledgement, its conversation or its author's wish.
 */
export class Outbox {
  readonly #prefix: string
  readonly #onNotKept: () => void
  /** What storage would not take. It lasts as long as the page. */
  readonly #inMemory = new Map<string, WaitingMessage>()

  constructor(key: string, onNotKept: () => void = () => {}) {
    this.#prefix = `${key}#`
    this.#onNotKept = onNotKept
  }

  /** In the order in which they were written. */
  all(): WaitingMessage[] {
    const ids = new Set(this.#inMemory.keys())
    try {
      for (let index = 0; index < localStorage.length; index += 1) {
        const id = this.messageIdIn(localStorage.key(index))
        if (id) ids.add(id)
      }
    } catch {
      // Blocked: there is only what is in memory.
    }
    return [...ids]
      .flatMap((id) => this.get(id) ?? [])
      .sort((one, other) => Date.parse(one.createdAt) - Date.parse(other.createdAt))
  }

  get(messageId: string): WaitingMessage | undefined {
    const inMemory = this.#inMemory.get(messageId)
    if (inMemory) return inMemory
    try {
      const stored = JSON.parse(localStorage.getItem(this.#prefix + messageId) ?? 'null')
      return stored?.messageId === messageId && typeof stored.content === 'string' ? stored : undefined
    } catch {
      return undefined
    }
  }

  put(message: WaitingMessage): void {
    try {
      localStorage.setItem(this.#prefix + message.messageId, JSON.stringify(message))
      this.#inMemory.delete(message.messageId)
    } catch {
      this.#inMemory.set(message.messageId, message)
      this.#onNotKept()
    }
  }

  remove(messageId: string): void {
    this.#inMemory.delete(messageId)
    try {
      localStorage.removeItem(this.#prefix + messageId)
    } catch {
      // Blocked: it was in memory only.
    }
  }

  /** Takes out what was written for other conversations than this one. Without a conversation: everything. */
  takeOthers(sessionId?: string): WaitingMessage[] {
    const others = this.all().filter(
      (message) => !sessionId || (message.sessionId ?? sessionId) !== sessionId,
    )
    for (const { messageId } of others) this.remove(messageId)
    return others
  }

  /** The message that a `storage` event is about, where it is about one of these. */
  messageIdIn(key: string | null): string | undefined {
    return key?.startsWith(this.#prefix) ? key.slice(this.#prefix.length) : undefined
  }
}
