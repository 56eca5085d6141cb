import { createStore, type StoreApi } from 'zustand/vanilla'
import type { ServerFrame, SessionStarted, WireMessage } from '../generated/wire'
import type { Api } from './api'
import { Connection, type ConnectionState, type Refusal } from './connection'
import { type DeviceStorage, type KeptConversation, withEarlier } from './device-record'
import { newMessageId } from './identifiers'
import type { EstablishedSession, Visit } from './session'
import {
  entryFrom,
  questionInAnswer,
  type Transcript,
  type TranscriptEntry,
  withChanges,
  withEntries,
  withoutUnfinished,
  withToken,
} from './transcript'

const ACK_WITHIN_MS = 15_000
/** After a reconnect: how long to wait for an answer in progress to show itself before calling the question unanswered. */
const ANSWER_SHOWS_WITHIN_MS = 3_000

export interface ConversationState {
  connection: ConnectionState
  refusal?: Refusal | undefined
  session?: SessionStarted | undefined
  transcript: Transcript
  /** True once the stored messages of a resumed conversation are here. */
  loaded: boolean
  answering: boolean
  /** Cursor to messages before the first of the transcript; undefined when there are none. */
  olderCursor?: string | undefined
}

/** What happens in a conversation that others may want to know, and nothing of what is said. */
export interface ConversationListener {
  onSession(sessionId: string | null, resumed: boolean): void
  /** A message was stored, here or in another tab. Not called for those that were stored before this page came. */
  onMessage(entry: TranscriptEntry): void
  /** Nothing is kept on this device any more. */
  onForgotten(): void
  onProblem(code: string): void
}

/** One conversation: what was said, what is on its way, and the connection both travel on. Knows no page. */
export class Conversation {
  readonly state: StoreApi<ConversationState>
  readonly #api: Api
  readonly #storage: DeviceStorage
  readonly #connection: Connection
  readonly #listener: ConversationListener
  #kept: KeptConversation | undefined
  #lastSeq = 0
  /** The position a gap was last asked from: a hole that stays after asking is not a gap. */
  #askedFrom: number | undefined
  #history: Promise<void> = Promise.resolve()
  readonly #ackTimers = new Map<string, ReturnType<typeof setTimeout>>()
  #unansweredTimer: ReturnType<typeof setTimeout> | undefined

  constructor(
    api: Api,
    storage: DeviceStorage,
    projectId: string,
    visit: () => Visit,
    listener: ConversationListener,
  ) {
    this.#api = api
    this.#storage = storage
    this.#listener = listener
    this.state = createStore<ConversationState>(() => ({
      connection: 'closed',
      transcript: [],
      loaded: false,
      answering: false,
    }))
    this.#connection = new Connection(api, storage, projectId, visit, {
      onState: (connection) => this.#connectionChanged(connection),
      onSession: (established) => this.#sessionEstablished(established),
      onReady: () => void this.#catchUp(),
      onFrame: (frame) => this.#receive(frame),
      onRefused: (refusal, code) => this.#refused(refusal, code),
    })
  }

  get kept(): KeptConversation | undefined {
    return this.#kept
  }

  /** Connects, unless it already has or the conversation is over. */
  start(): void {
    const { connection, refusal } = this.state.getState()
    if (connection === 'closed' && !refusal) this.#connection.start()
  }

  stop(): void {
    this.#connection.stop()
    this.#clearTimers()
  }

  wake(): void {
    this.#connection.wake()
  }

  send(content: string): void {
    const entry: TranscriptEntry = {
      messageId: newMessageId(),
      role: 'user',
      content,
      createdAt: new Date().toISOString(),
      citations: [],
      delivery: 'sending',
    }
    this.#change((transcript) => withEntries(transcript, [entry]))
    this.start()
    if (this.state.getState().connection === 'offline') this.wake()
    this.#deliver(entry)
  }

  /** Sends a message again, or asks again for the answer it never got. The id stays, so nothing is stored twice. */
  retry(messageId: string): void {
    this.#change((transcript) =>
      withChanges(transcript, messageId, { delivery: 'sending', failure: undefined }),
    )
    const entry = this.#entry(messageId)
    if (!entry) return
    if (this.state.getState().connection === 'offline') this.wake()
    this.#deliver(entry)
  }

  /** Stops the answer being written. */
  cancel(): void {
    const question = questionInAnswer(this.state.getState().transcript)
    if (question) this.#connection.send({ type: 'cancel', messageId: question.messageId })
  }

  async loadOlder(): Promise<void> {
    const { olderCursor } = this.state.getState()
    const kept = this.#kept
    if (!olderCursor || !kept) return
    const page = await this.#api.messages(kept, { before: olderCursor })
    if (kept !== this.#kept) return
    this.state.setState(({ transcript }) => ({
      transcript: withEntries(transcript, page.messages.map(entryFrom)),
      olderCursor: page.before ?? undefined,
    }))
  }

  /** Puts this conversation among the earlier ones and begins another. One in which nothing was said is not kept. */
  startNew(): void {
    // After an end nothing is held here; another tab may have begun anew, and then this one joins it.
    if (!this.#kept) return this.#restart()
    const { earlier } = this.#storage.read()
    if (this.state.getState().transcript.some(({ seq }) => seq !== undefined))
      this.#storage.update({ earlier: withEarlier(earlier, this.#kept, Date.now()) })
    // It stays the device's current one until there is another: tabs that follow must not take this for an end.
    this.#restart(this.#kept.sessionId)
  }

  /**
   * Ends every conversation of this device and erases it, on the server first: its token is the only key to it. Rejects, with
   * nothing forgotten, when the server cannot be reached.
   */
  async endAndErase(): Promise<void> {
    const { current, earlier } = this.#storage.read()
    const all = [...(current ? [current] : []), ...earlier]
    const outcomes = await Promise.allSettled(all.map((kept) => this.#api.endAndErase(kept)))
    const failed = outcomes.find(
      // 401, 404 and 410 mean that there is nothing left to erase.
      (outcome) => outcome.status === 'rejected' && ![401, 404, 410].includes(outcome.reason?.status),
    ) as PromiseRejectedResult | undefined
    if (failed) throw failed.reason
    this.forget()
  }

  /** Forgets everything on this device only. */
  forget(): void {
    this.#storage.erase()
    this.#connection.stop()
    this.#refused('ended', 'SESSION_ENDED')
    this.#listener.onForgotten()
  }

  /** Another tab changed the device's record: follows it to the conversation it holds now. */
  followDevice(): void {
    if (!this.#kept) return
    const { current } = this.#storage.read()
    if (current?.sessionId === this.#kept.sessionId) return
    if (current) this.#restart()
    else {
      this.#connection.stop()
      this.#refused('ended', 'SESSION_ENDED')
    }
  }

  #restart(left?: string): void {
    this.#clearTimers()
    this.#kept = undefined
    this.state.setState({
      refusal: undefined,
      session: undefined,
      transcript: [],
      loaded: false,
      answering: false,
      olderCursor: undefined,
    })
    this.#connection.start(left)
  }

  #sessionEstablished({ session, kept, resumed }: EstablishedSession): void {
    if (this.#kept?.sessionId !== kept.sessionId) {
      this.#lastSeq = 0
      this.#askedFrom = undefined
      // What was written before there was a session goes into the new one; what belongs to another conversation does not.
      this.#change((transcript) => transcript.filter(({ delivery }) => delivery === 'sending'))
    }
    this.#kept = kept
    const hasHistory = session.lastSeq > this.#lastSeq
    this.state.setState({ session, loaded: !hasHistory })
    this.#history = hasHistory ? this.#loadNewest(kept) : Promise.resolve()
    this.#listener.onSession(session.sessionId, resumed)
  }

  async #loadNewest(kept: KeptConversation): Promise<void> {
    try {
      const { messages, before } = await this.#api.messages(kept)
      if (kept !== this.#kept) return
      this.#lastSeq = Math.max(this.#lastSeq, ...messages.map(({ seq }) => seq))
      this.#change((transcript) => withEntries(transcript, messages.map(entryFrom)))
      this.state.setState({ olderCursor: before ?? undefined })
    } catch {
      // The socket replays everything since `lastSeq`, which is then everything: slower, and nothing is missing.
    }
    if (kept === this.#kept) this.state.setState({ loaded: true })
  }

  /** On every new connection: what was missed comes first, then what waited here goes out. */
  async #catchUp(): Promise<void> {
    const kept = this.#kept
    await this.#history
    if (!kept || kept !== this.#kept) return
    this.#askForMissed()
    for (const entry of this.state.getState().transcript)
      if (entry.delivery === 'sending') this.#deliver(entry)
  }

  #askForMissed(): void {
    if (this.#kept)
      this.#connection.send({ type: 'init', sessionId: this.#kept.sessionId, lastSeq: this.#lastSeq })
  }

  #deliver({ messageId, content, createdAt }: TranscriptEntry): void {
    if (this.state.getState().connection !== 'online') return
    this.#connection.send({ type: 'user_message', messageId, content, metadata: { timestamp: createdAt } })
    clearTimeout(this.#ackTimers.get(messageId))
    this.#ackTimers.set(
      messageId,
      setTimeout(() => {
        this.#change((transcript) => withChanges(transcript, messageId, { delivery: 'failed' }))
        this.wake()
      }, ACK_WITHIN_MS),
    )
  }

  #receive(frame: ServerFrame): void {
    switch (frame.type) {
      case 'session_ack':
        this.state.setState({ answering: false })
        return this.#watchForUnanswered()
      case 'ack':
        return this.#acknowledged(frame.messageId, frame.seq)
      case 'status':
        return this.#setAnswering(frame.status === 'typing')
      case 'token': {
        const { transcript, gap } = withToken(
          this.state.getState().transcript,
          frame,
          new Date().toISOString(),
        )
        if (gap) this.#askForMissed()
        else this.state.setState({ transcript, answering: true })
        return
      }
      case 'message':
        return this.#messageArrived(frame)
      case 'error':
        return this.#errorArrived(frame)
    }
  }

  #acknowledged(messageId: string, seq: number): void {
    const isNew = this.#entry(messageId)?.seq === undefined
    this.#stopAckTimer(messageId)
    this.#noteSeq(seq)
    this.#change((transcript) => withChanges(transcript, messageId, { delivery: 'sent', seq }))
    const entry = this.#entry(messageId)
    if (isNew && entry) this.#listener.onMessage(entry)
  }

  #messageArrived(message: WireMessage): void {
    const isNew = this.#entry(message.messageId)?.seq === undefined
    this.#stopAckTimer(message.messageId)
    this.#noteSeq(message.seq)
    const entry = entryFrom(message)
    this.#change((transcript) => withEntries(transcript, [entry]))
    if (message.inReplyTo)
      this.#change((transcript) =>
        withChanges(transcript, message.inReplyTo as string, { failure: undefined }),
      )
    if (isNew) this.#listener.onMessage(entry)
  }

  #errorArrived({ code, messageId, retryable }: Extract<ServerFrame, { type: 'error' }>): void {
    this.#listener.onProblem(code)
    const entry = messageId ? this.#entry(messageId) : undefined
    if (!entry) return
    this.#stopAckTimer(entry.messageId)
    this.#change((transcript) =>
      entry.seq === undefined
        ? withChanges(transcript, entry.messageId, { delivery: 'failed', failure: { code, retryable } })
        : withChanges(withoutUnfinished(transcript), entry.messageId, {
            delivery: 'sent',
            failure: { code, retryable },
          }),
    )
  }

  #setAnswering(answering: boolean): void {
    clearTimeout(this.#unansweredTimer)
    this.state.setState(({ transcript }) => ({
      answering,
      transcript: answering ? transcript : transcript.map(({ streaming, ...entry }) => entry),
    }))
  }

  /** A question whose answer was lost, to a crash for example, gets a way to ask again instead of silence. */
  #watchForUnanswered(): void {
    clearTimeout(this.#unansweredTimer)
    this.#unansweredTimer = setTimeout(() => {
      const { transcript, answering } = this.state.getState()
      const question = questionInAnswer(transcript)
      if (question && !answering)
        this.#change((entries) =>
          withChanges(withoutUnfinished(entries), question.messageId, {
            failure: { code: 'UNANSWERED', retryable: true },
          }),
        )
    }, ANSWER_SHOWS_WITHIN_MS)
  }

  #noteSeq(seq: number): void {
    if (seq <= this.#lastSeq) return
    if (seq > this.#lastSeq + 1 && this.#askedFrom !== this.#lastSeq) {
      this.#askedFrom = this.#lastSeq
      this.#askForMissed()
    } else this.#lastSeq = seq
  }

  #connectionChanged(connection: ConnectionState): void {
    this.state.setState({ connection })
    if (connection === 'online') return
    this.#clearTimers()
    // While it tries again a message waits; once it has given up, the visitor decides.
    if (connection === 'offline')
      this.#change((transcript) =>
        transcript.map((entry) =>
          entry.delivery === 'sending' ? { ...entry, delivery: 'failed' as const } : entry,
        ),
      )
  }

  #refused(refusal: Refusal, code: string): void {
    this.#clearTimers()
    this.state.setState({ refusal, answering: false })
    if (refusal === 'unavailable') return this.#listener.onProblem(code)
    const kept = this.#kept
    this.#kept = undefined
    this.state.setState({ session: undefined, transcript: [], olderCursor: undefined })
    if (!kept) return
    if (this.#storage.read().current?.sessionId === kept.sessionId)
      this.#storage.update({ current: undefined })
    this.#listener.onSession(null, false)
  }

  #entry(messageId: string): TranscriptEntry | undefined {
    return this.state.getState().transcript.find((entry) => entry.messageId === messageId)
  }

  #change(change: (transcript: Transcript) => Transcript): void {
    this.state.setState(({ transcript }) => ({ transcript: change(transcript) }))
  }

  #stopAckTimer(messageId: string): void {
    clearTimeout(this.#ackTimers.get(messageId))
    this.#ackTimers.delete(messageId)
  }

  #clearTimers(): void {
    for (const timer of this.#ackTimers.values()) clearTimeout(timer)
    this.#ackTimers.clear()
    clearTimeout(this.#unansweredTimer)
  }
}
