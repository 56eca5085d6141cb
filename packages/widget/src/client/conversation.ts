import { createStore, type StoreApi } from 'zustand/vanilla'
import type { ClientFrame, ServerFrame, WireMessage } from '../generated/wire'
import type { Api } from './api'
import { Connection, type ConnectionState, type Refusal } from './connection'
import type { ConversationListener, ConversationState, NoticeFrame } from './conversation-state'
import { type DeviceStorage, type KeptConversation, withEarlier } from './device-record'
import { eraseOnServer } from './erasing'
import { Outbox } from './outbox'
import { Sending } from './sending'
import type { EstablishedSession, Visit } from './session'
import {
  entryFrom,
  questionInAnswer,
  type Transcript,
  type TranscriptEntry,
  withChanges,
  withEntries,
  withoutUnfinished,
  withRead,
  withToken,
} from './transcript'

/** After a reconnect: how long to wait for an answer in progress to show itself before calling the question unanswered. */
const ANSWER_SHOWS_WITHIN_MS = 3_000
const UNANSWERED = 'UNANSWERED'
/** A message that took longer to be stored was worth worrying about, and its arrival is worth a word. */
const LATE_AFTER_MS = 5_000
/** A page that comes back to the front asks for what it missed, though not at every glance. */
const ASK_AGAIN_AFTER_MS = 10_000

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
  #askedAt = 0
  /** Asked for what was missed, and not answered yet. */
  #asking = false
  #history: Promise<void> = Promise.resolve()
  readonly #sending: Sending
  #unansweredTimer: ReturnType<typeof setTimeout> | undefined

  constructor(
    api: Api,
    storage: DeviceStorage,
    settings: { projectId: string; storageKey: string },
    visit: () => Visit,
    listener: ConversationListener,
  ) {
    this.#api = api
    this.#storage = storage
    this.#listener = listener
    this.state = createStore<ConversationState>(() => ({
      connection: 'closed',
      networkDown: false,
      transcript: [],
      loaded: false,
      answering: false,
    }))
    const outbox = new Outbox(settings.storageKey, () => listener.onNotKept())
    this.#sending = new Sending(outbox, {
      transcript: () => this.state.getState().transcript,
      show: (entries) => this.#change((transcript) => withEntries(transcript, entries)),
      remove: (messageId) => this.#remove(messageId),
      mark: (messageId, changes) => this.#mark(messageId, changes),
      transmit: (frame) => this.#connection.send(frame),
      doubt: () => this.#connection.wake(),
    })
    this.#connection = new Connection(api, storage, settings.projectId, visit, {
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

  /** Connects, unless it already has or the conversation is over. What waits is in its place before that. */
  start(): void {
    const { connection, refusal } = this.state.getState()
    if (connection !== 'closed' || refusal) return
    this.#sending.show(this.#sessionId)
    this.#connection.start()
  }

  stop(): void {
    this.#connection.stop()
    this.#clearTimers()
  }

  /** The page is in front again: sees what became of the conversation meanwhile. */
  wake(): void {
    this.followDevice()
    if (this.#kept) this.#sending.followAll(this.#sessionId)
    this.#connection.wake()
    if (Date.now() - this.#askedAt > ASK_AGAIN_AFTER_MS) this.#askForMissed()
  }

  putAside(): void {
    this.#connection.putAside()
  }

  networkLost(): void {
    this.state.setState({ networkDown: true })
    this.#connection.networkLost()
  }

  networkBack(): void {
    this.state.setState({ networkDown: false })
    this.#connection.networkBack()
    this.#askForMissed()
  }

  /** False: too much is waiting already. */
  send(content: string, attachments?: TranscriptEntry['attachments']): boolean {
    this.start()
    const entry = this.#sending.write(content, this.#kept?.sessionId, attachments)
    if (!entry) return false
    this.#wakeIfOffline()
    if (this.state.getState().connection !== 'online') this.#listener.onDelivery(entry)
    return true
  }

  /** Sends a message again, or asks again for the answer it never got. The id stays, so nothing is stored twice. */
  retry(messageId: string): void {
    const entry = this.#entry(messageId)
    if (!entry) return
    this.#sending.retry(entry)
    this.#wakeIfOffline()
  }

  /** Takes a message out of the conversation that has not been sent, and gives it back. */
  takeBack(messageId: string): TranscriptEntry | undefined {
    const entry = this.#entry(messageId)
    if (!entry || entry.seq !== undefined) return
    this.#sending.forget(messageId)
    this.#remove(messageId)
    return entry
  }

  /** What the visitor thinks of an answer, or no longer does. False: there is no connection to say it. */
  rate(messageId: string, rating?: TranscriptEntry['rating'], comment?: string): boolean {
    if (!this.#entry(messageId)) return true
    this.#showRating(messageId, rating)
    if (this.state.getState().connection !== 'online') return false
    this.#connection.send({
      type: 'feedback',
      messageId,
      rating: rating ?? null,
      ...(comment && { comment }),
    })
    return true
  }

  /** Says something of the visitor's to whoever answers. Lost without a connection: it is about now. */
  tell(frame: ClientFrame): void {
    this.#connection.send(frame)
  }

  /** Stops the answer being written. */
  cancel(): void {
    const { transcript } = this.state.getState()
    const question = questionInAnswer(transcript)
    if (!question) return
    this.#connection.send({ type: 'cancel', messageId: question.messageId })
    // Where nothing has been said nothing is kept, and so nothing else will tell that it was stopped.
    if (!transcript.some(({ streaming }) => streaming))
      this.state.setState({ transcript: withChanges(transcript, question.messageId, { stopped: true }) })
  }

  async loadOlder(): Promise<void> {
    const { olderCursor } = this.state.getState()
    const kept = this.#kept
    if (!olderCursor || !kept) return
    const page = await this.#api.messages(kept, { before: olderCursor })
    if (kept !== this.#kept) return
    this.#take(page.messages)
    this.state.setState({ olderCursor: page.before ?? undefined })
  }

  /** Puts this conversation among the earlier ones and begins another. One in which nothing was said is not kept. */
  startNew(): void {
    // After an end nothing is held here; another tab may have begun anew, and then this one joins it.
    if (!this.#kept) return this.#restart()
    const { earlier } = this.#storage.read()
    if (this.state.getState().transcript.some(({ seq }) => seq !== undefined))
      this.#storage.update({ earlier: withEarlier(earlier, this.#kept, Date.now()) })
    this.#giveBack(this.#sending.settleIn())
    // It stays the device's current one until there is another: tabs that follow must not take this for an end.
    this.#restart(this.#kept.sessionId)
  }

  /**
   * Ends and erases everything, here and on the server. Resolves to whether the hospital has to keep a copy for now. Rejects, with
   * nothing forgotten, when it cannot be reached.
   */
  async endAndErase(): Promise<boolean> {
    const isKept = await eraseOnServer(this.#api, this.#storage)
    this.forget()
    return isKept
  }

  /** Forgets everything on this device only. */
  forget(): void {
    this.#storage.erase()
    this.#connection.stop()
    this.#refused('ended', 'SESSION_ENDED')
    this.#listener.onForgotten()
  }

  /** Somebody has signed out: what was theirs leaves the page and the device, and another conversation begins. */
  leave(): void {
    const { current } = this.#storage.read()
    this.#connection.stop()
    this.#kept = undefined
    this.#sending.settleIn()
    this.#storage.update({ current: undefined, patient: undefined })
    this.#restart(current?.sessionId)
  }

  /** Another tab may have changed the device's record: follows it to the conversation it holds now. */
  followDevice(): void {
    if (!this.#kept) return
    const { current } = this.#storage.read()
    if (current?.sessionId === this.#kept.sessionId) return
    if (current) this.#restart()
    else this.endedElsewhere()
  }

  /** Another tab ended the conversation, perhaps before this one had even reached the server. */
  endedElsewhere(): void {
    if (this.state.getState().connection === 'closed') return
    this.#connection.stop()
    this.#refused('ended', 'SESSION_ENDED')
  }

  /** Another tab may have changed what waits to be sent. */
  followOutbox(storageKey: string | null): void {
    this.#sending.follow(storageKey, this.#sessionId)
  }

  /** The conversation this one is, or is going to be, as far as this device knows. */
  get #sessionId(): string | undefined {
    return (this.#kept ?? this.#storage.read().current)?.sessionId
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
    if (!left) this.#sending.show(this.#sessionId)
    this.#connection.start(left)
  }

  #giveBack(texts: string[]): void {
    if (texts.length) this.#listener.onReturned(texts)
  }

  #sessionEstablished({ session, kept, resumed }: EstablishedSession): void {
    if (this.#kept?.sessionId !== kept.sessionId) {
      this.#lastSeq = 0
      this.#askedFrom = undefined
      this.#change(() => [])
    }
    this.#kept = kept
    this.#giveBack(this.#sending.settleIn(kept.sessionId))
    this.#sending.show(kept.sessionId)
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
      this.#take(messages)
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
    if (!kept || kept !== this.#kept || this.state.getState().connection !== 'online') return
    this.#askForMissed()
    this.#sending.open()
  }

  #askForMissed(): void {
    if (!this.#kept) return
    this.#askedAt = Date.now()
    this.#asking = true
    this.#connection.send({ type: 'init', sessionId: this.#kept.sessionId, lastSeq: this.#lastSeq })
  }

  #wakeIfOffline(): void {
    if (this.state.getState().connection === 'offline') this.#connection.wake()
  }

  /** Stored messages: what waited here and is among them has arrived. */
  #take(messages: readonly WireMessage[]): void {
    for (const { messageId } of messages) this.#sending.settle(messageId)
    this.#change((transcript) => withEntries(transcript, messages.map(entryFrom)))
  }

  #receive(frame: ServerFrame): void {
    switch (frame.type) {
      case 'session_ack':
        this.#asking = false
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
        if (!gap) this.state.setState({ transcript, answering: true })
        else if (!this.#asking) this.#askForMissed()
        return
      }
      case 'message':
        return this.#messageArrived(frame)
      case 'read':
        // On another device of theirs, or by a person who answers.
        if (frame.by === 'user') return this.#listener.onSeen()
        return this.#change((transcript) => withRead(transcript, frame.messageId))
      case 'rating':
        return this.#showRating(frame.messageId, frame.rating ?? undefined)
      case 'notice':
        return this.#noticeArrived(frame)
      case 'error':
        return this.#errorArrived(frame)
    }
  }

  #acknowledged(messageId: string, seq: number): void {
    const before = this.#entry(messageId)
    this.#sending.settle(messageId)
    // Taken back while it was on its way, and stored all the same: it is part of the conversation.
    if (!before) return this.#askForMissed()
    this.#noteSeq(seq)
    this.#change((transcript) =>
      withChanges(transcript, messageId, { delivery: 'sent', failure: undefined, seq }),
    )
    const entry = this.#entry(messageId)
    if (!entry || before.seq !== undefined) return
    if (Date.now() - Date.parse(entry.createdAt) > LATE_AFTER_MS) this.#listener.onDelivery(entry)
    this.#listener.onMessage(entry)
  }

  /** One that is no event yet is taken back by the one that is. */
  #noticeArrived(notice: NoticeFrame): void {
    this.state.setState({ unstoredNotice: notice.seq ? undefined : notice })
    if (notice.seq) this.#messageArrived({ ...notice, role: 'system', notice } as WireMessage)
  }

  #messageArrived(message: WireMessage): void {
    const isNew = this.#entry(message.messageId)?.seq === undefined
    this.#noteSeq(message.seq)
    const { inReplyTo } = message
    // An answer that began under another name, before a crash for example, is this one now.
    if (inReplyTo)
      this.#change((transcript) =>
        withChanges(withoutUnfinished(transcript), inReplyTo, { failure: undefined }),
      )
    this.#take([message])
    if (isNew) this.#listener.onMessage(entryFrom(message))
  }

  #errorArrived({ code, messageId, retryable }: Extract<ServerFrame, { type: 'error' }>): void {
    const entry = messageId ? this.#entry(messageId) : undefined
    // Of a message that is not on this page, taken back perhaps.
    if (messageId && !entry) return
    // A failure that stands is told again to everybody who comes back.
    if (entry?.failure?.code !== code) this.#listener.onProblem(code)
    if (!entry) return
    // Of an answer: what the visitor thinks of it was not taken.
    if (entry.role !== 'user') return this.#showRating(entry.messageId)
    const failure = { code, retryable }
    if (entry.seq === undefined) return this.#sending.refused(entry.messageId, failure)
    if (questionInAnswer(this.state.getState().transcript)?.messageId === messageId)
      this.#change(withoutUnfinished)
    this.#mark(entry.messageId, { delivery: 'sent', failure })
  }

  #setAnswering(answering: boolean): void {
    clearTimeout(this.#unansweredTimer)
    this.state.setState(({ transcript }) => ({
      answering,
      transcript: transcript.map(({ streaming, ...entry }) =>
        // Somebody is at it after all.
        answering && entry.failure?.code === UNANSWERED
          ? { ...entry, failure: undefined }
          : answering && streaming
            ? { ...entry, streaming }
            : entry,
      ),
    }))
  }

  /** A question whose answer was lost, to a crash for example, gets a way to ask again instead of silence. */
  #watchForUnanswered(): void {
    clearTimeout(this.#unansweredTimer)
    this.#unansweredTimer = setTimeout(() => {
      const { transcript, answering } = this.state.getState()
      const question = questionInAnswer(transcript)
      if (!question || answering) return
      this.#change(withoutUnfinished)
      this.#mark(question.messageId, { delivery: 'sent', failure: { code: UNANSWERED, retryable: true } })
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
    // Nobody here can tell now whether the answer goes on, or stop it.
    this.state.setState({ answering: false })
  }

  #refused(refusal: Refusal, code: string): void {
    this.#clearTimers()
    this.state.setState({ refusal, answering: false })
    if (refusal === 'unavailable') return this.#listener.onProblem(code)
    const kept = this.#kept
    this.#kept = undefined
    this.#sending.settleIn()
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

  #showRating(messageId: string, rating?: TranscriptEntry['rating']): void {
    this.#change((transcript) => withChanges(transcript, messageId, { rating }))
  }

  #mark(messageId: string, changes: Pick<TranscriptEntry, 'delivery' | 'failure'>): void {
    const before = this.#entry(messageId)
    this.#change((transcript) => withChanges(transcript, messageId, changes))
    const entry = this.#entry(messageId)
    const news = before?.delivery !== entry?.delivery || before?.failure?.code !== entry?.failure?.code
    if (entry && news) this.#listener.onDelivery(entry)
  }

  #remove(messageId: string): void {
    this.#change((transcript) => transcript.filter((entry) => entry.messageId !== messageId))
  }

  #clearTimers(): void {
    this.#sending.close()
    clearTimeout(this.#unansweredTimer)
  }
}
