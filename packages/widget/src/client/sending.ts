import type { ClientFrame } from '../generated/wire'
import { delayBeforeTry } from './backoff'
import { newMessageId } from './identifiers'
import { MOST_WAITING, type Outbox, type WaitingMessage } from './outbox'
import type { Transcript, TranscriptEntry } from './transcript'

const ACK_WITHIN_MS = 15_000

/** How often a message is sent again on a connection that stands: two minutes, longer than a database takes to restart. */
const RESENDS_BEFORE_GIVING_UP = 8

/** What sending needs of the conversation around it. */
export interface SendingPort {
  transcript(): Transcript
  show(entries: TranscriptEntry[]): void
  remove(messageId: string): void
  /** Changes a message of the transcript, and says so to whoever speaks of it. */
  mark(messageId: string, changes: Pick<TranscriptEntry, 'delivery' | 'failure'>): void
  transmit(frame: ClientFrame): void
  /** No sign that the server is there: the connection may be dead. */
  doubt(): void
}

/** Sees to it that what the visitor wrote reaches the server, in order and under one id, or that they learn why it did not. */
export class Sending {
  readonly #outbox: Outbox
  readonly #port: SendingPort
  readonly #acks = new Map<string, ReturnType<typeof setTimeout>>()
  /** Set while the server has asked for patience; everything waits then, so that nothing overtakes. */
  #pause: ReturnType<typeof setTimeout> | undefined
  #setbacks = 0
  #open = false

  constructor(outbox: Outbox, port: SendingPort) {
    this.#outbox = outbox
    this.#port = port
  }

  /** The server listens and has said what was missed. */
  open(): void {
    this.#open = true
    this.#setbacks = 0
    this.#sendAll()
  }

  close(): void {
    this.#open = false
    this.#endPause()
    for (const timer of this.#acks.values()) clearTimeout(timer)
    this.#acks.clear()
  }

  /** Writes a message down for this conversation and sends it as soon as that can be. Undefined: too much waits already. */
  write(
    content: string,
    sessionId: string | undefined,
    attachments?: TranscriptEntry['attachments'],
  ): TranscriptEntry | undefined {
    const waiting = this.#outbox.all()
    if (waiting.length >= MOST_WAITING) return
    // Later than the one before it, so that those of one instant keep their order.
    const latest = Date.parse(waiting.at(-1)?.createdAt ?? '') || 0
    const createdAt = new Date(Math.max(Date.now(), latest + 1)).toISOString()
    const message = { messageId: newMessageId(), sessionId, content, attachments, createdAt }
    const entry = entryOf(message)
    this.#outbox.put(message)
    this.#port.show([entry])
    this.#send(entry)
    return entry
  }

  /** Sends a message again, or asks again for the answer that it never got. */
  retry(entry: TranscriptEntry): void {
    const waiting = this.#outbox.get(entry.messageId)
    if (waiting) this.#outbox.put({ ...waiting, failure: undefined })
    this.#port.show([{ ...entry, delivery: 'sending', failure: undefined }])
    this.#send(entry)
  }

  /** Puts what waits for this conversation into its place. */
  show(sessionId: string | undefined): void {
    const waiting = this.#outbox.all().filter((message) => (message.sessionId ?? sessionId) === sessionId)
    this.#port.show(waiting.map(entryOf))
  }

  /**
   * What was written before there was a conversation goes into this one. Gives back what was written for others; without a
   * conversation, everything.
   */
  settleIn(sessionId?: string): string[] {
    const others = this.#outbox.takeOthers(sessionId)
    for (const message of this.#outbox.all())
      if (!message.sessionId) this.#outbox.put({ ...message, sessionId })
    return others.map(({ content }) => content)
  }

  /** Another tab may have written a message, or has nothing more to do with it: the server took it, or its author did. */
  follow(storageKey: string | null, sessionId: string | undefined): void {
    const messageId = this.#outbox.messageIdIn(storageKey)
    if (messageId) this.#follow(messageId, sessionId)
  }

  /** What other tabs did while this page could not hear of it, in the browser's back-forward cache for example. */
  followAll(sessionId: string | undefined): void {
    const unsent = this.#port.transcript().filter(({ seq, role }) => seq === undefined && role === 'user')
    const ids = [...this.#outbox.all(), ...unsent].map(({ messageId }) => messageId)
    for (const messageId of new Set(ids)) this.#follow(messageId, sessionId)
  }

  #follow(messageId: string, sessionId: string | undefined): void {
    const waiting = this.#outbox.get(messageId)
    const entry = this.#port.transcript().find((candidate) => candidate.messageId === messageId)
    if (!waiting) {
      // If the server took it, it comes from there, if it has not come yet.
      if (entry?.seq === undefined) this.#port.remove(messageId)
    } else if (entry) {
      if ((entry.delivery === 'failed') !== Boolean(waiting.failure)) this.#port.show([entryOf(waiting)])
    } else if (!waiting.sessionId || waiting.sessionId === sessionId) {
      this.#port.show([entryOf(waiting)])
      // The other tab sends it. Should it be gone before it has, this one takes over.
      if (this.#open) this.#expectAck(messageId)
    }
  }

  /** The server has it. */
  settle(messageId: string): void {
    this.forget(messageId)
    this.#setbacks = 0
  }

  /** It is not to be sent any more. */
  forget(messageId: string): void {
    this.#stopTimer(messageId)
    this.#outbox.remove(messageId)
  }

  /** The server did not take it. */
  refused(messageId: string, failure: { code: string; retryable: boolean }): void {
    this.#stopTimer(messageId)
    if (failure.retryable) this.#postpone(messageId, failure.code)
    else this.#fail(messageId, failure)
  }

  #send(entry: TranscriptEntry): void {
    if (this.#open && !this.#pause) this.#transmit(entry)
  }

  #sendAll(): void {
    for (const entry of this.#port.transcript()) if (isOnItsWay(entry)) this.#transmit(entry)
  }

  #transmit({ messageId, content, attachments, createdAt }: TranscriptEntry): void {
    this.#port.transmit({
      type: 'user_message',
      messageId,
      content,
      attachments: attachments?.map(({ fileId }) => fileId) as string[],
      metadata: { timestamp: createdAt },
    })
    this.#expectAck(messageId)
  }

  #expectAck(messageId: string): void {
    this.#stopTimer(messageId)
    this.#acks.set(
      messageId,
      setTimeout(() => {
        this.#port.doubt()
        this.#postpone(messageId, 'UNACKNOWLEDGED')
      }, ACK_WITHIN_MS),
    )
  }

  #postpone(messageId: string, code: string): void {
    const failure = { code, retryable: true }
    if (!this.#pause) {
      this.#setbacks += 1
      if (this.#setbacks > RESENDS_BEFORE_GIVING_UP) {
        this.#setbacks = 0
        for (const entry of this.#port.transcript())
          if (isOnItsWay(entry)) this.#fail(entry.messageId, failure)
        return
      }
      this.#pause = setTimeout(() => {
        this.#endPause()
        this.#sendAll()
      }, delayBeforeTry(this.#setbacks))
    }
    this.#port.mark(messageId, { delivery: 'waiting', failure })
  }

  /** From here on only its author sends it again; a reload must not. */
  #fail(messageId: string, failure: TranscriptEntry['failure']): void {
    this.#stopTimer(messageId)
    const waiting = this.#outbox.get(messageId)
    if (waiting) this.#outbox.put({ ...waiting, failure })
    this.#port.mark(messageId, { delivery: 'failed', failure })
  }

  #stopTimer(messageId: string): void {
    clearTimeout(this.#acks.get(messageId))
    this.#acks.delete(messageId)
  }

  #endPause(): void {
    clearTimeout(this.#pause)
    this.#pause = undefined
  }
}

const isOnItsWay = ({ delivery }: TranscriptEntry): boolean =>
  delivery === 'sending' || delivery === 'waiting'

function entryOf({ messageId, content, attachments, createdAt, failure }: WaitingMessage): TranscriptEntry {
  const delivery = failure ? 'failed' : 'sending'
  return { messageId, role: 'user', content, attachments, createdAt, citations: [], delivery, failure }
}
