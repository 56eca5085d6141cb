import type { ClientFrame, ServerFrame } from '../generated/wire'
import { type Api, ApiProblem } from './api'
import { delayBeforeTry, pauseIn, spreadPause, TRIES_BEFORE_GIVING_UP } from './backoff'
import { ChatSocket } from './chat-socket'
import type { DeviceStorage } from './device-record'
import { type EstablishedSession, establishSession, type Visit } from './session'

/** `offline`: tried often enough; waits for the visitor, the network or the tab to come back. */
export type ConnectionState = 'connecting' | 'online' | 'reconnecting' | 'offline' | 'closed'

/** Why there is no point in trying again: nothing to talk to, or the conversation is over. */
export type Refusal = 'unavailable' | 'ended'

const CLOSED_INVALID_SESSION = 4001
const CLOSED_INVALID_TOKEN = 4003
const CLOSED_ORIGIN_NOT_ALLOWED = 4004
const CLOSED_ENDED = 4008
const CLOSED_PROTOCOL_ABUSE = 4009
const CLOSED_TOO_MANY = 4029
const PAUSE_AFTER_TOO_MANY_MS = 20_000
/** A connection that stood this long was a good one: the next loss is a first one again, not the next of a row. */
const LASTING_MS = 10_000

export interface ConnectionListener {
  onState(state: ConnectionState): void
  onSession(established: EstablishedSession): void
  /** Authenticated: frames may be sent. */
  onReady(): void
  onFrame(frame: ServerFrame): void
  onRefused(refusal: Refusal, code: string): void
}

/** Holds a conversation's connection: gets a session, opens the socket, and comes back after every loss. */
export class Connection {
  readonly #api: Api
  readonly #storage: DeviceStorage
  readonly #projectId: string
  readonly #visit: () => Visit
  readonly #listener: ConnectionListener
  #established: EstablishedSession | undefined
  #socket: ChatSocket | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #lasting: ReturnType<typeof setTimeout> | undefined
  /** The conversation not to come back to. */
  #left: string | undefined
  #losses = 0
  #state: ConnectionState = 'closed'
  /** Rises whenever an attempt is dropped, so that an answer that comes too late finds itself out of date. */
  #epoch = 0

  constructor(
    api: Api,
    storage: DeviceStorage,
    projectId: string,
    visit: () => Visit,
    listener: ConnectionListener,
  ) {
    this.#api = api
    this.#storage = storage
    this.#projectId = projectId
    this.#visit = visit
    this.#listener = listener
  }

  /** Connects with the conversation the device keeps, unless that is the one just left, or a new one. */
  start(left?: string): void {
    this.stop()
    this.#left = left
    this.#established = undefined
    this.#losses = 0
    this.#setState('connecting')
    void this.#attempt()
  }

  stop(): void {
    this.#dropAttempt()
    this.#setState('closed')
  }

  /** The visitor or the tab is back: tries at once instead of waiting, or checks what seems alive. */
  wake(): void {
    if (this.#state === 'online') this.#socket?.checkAlive()
    else if (this.#timer || this.#state === 'offline') this.#tryAnew(0)
  }

  /** The page is put aside as it is, to be shown again: browsers keep none that holds a connection. `wake` brings it back. */
  putAside(): void {
    if (this.#state === 'closed') return
    this.#dropAttempt()
    this.#setState('offline')
  }

  /** The network is gone, or seems so: says it at once, and takes it back when the server answers what is asked now. */
  networkLost(): void {
    if (this.#state !== 'online') return
    this.#setState('reconnecting')
    this.#socket?.checkAlive()
  }

  /** A whole ward's network comes back at one moment; its browsers come back spread. */
  networkBack(): void {
    if (this.#state === 'online') this.#socket?.checkAlive()
    else if (this.#state !== 'closed') this.#tryAnew(delayBeforeTry(1))
  }

  send(frame: ClientFrame): void {
    if (this.#state === 'online') this.#socket?.send(frame)
  }

  async #attempt(): Promise<void> {
    const epoch = this.#epoch
    if (!this.#established) {
      try {
        const established = await establishSession(
          this.#api,
          this.#storage,
          this.#projectId,
          this.#visit(),
          this.#left,
        )
        if (epoch !== this.#epoch) return
        this.#established = established
        this.#listener.onSession(established)
      } catch (error) {
        if (epoch === this.#epoch) this.#initFailed(error)
        return
      }
    }
    this.#openSocket(this.#established)
  }

  #openSocket({ session: { chat, sessionId, token } }: EstablishedSession): void {
    let welcomed = false
    const socket = new ChatSocket(
      chat.wsUrl,
      { type: 'auth', token, sessionId },
      {
        onFrame: (frame) => {
          if (this.#socket !== socket) return
          const welcome = !welcomed && frame.type === 'session_ack'
          welcomed ||= welcome
          if (this.#state !== 'online') {
            // Was under way when the network went, and is told again by `init`.
            if (frame.type === 'token' || frame.type === 'status') return
            if (welcome || frame.type === 'pong') {
              clearTimeout(this.#lasting)
              this.#lasting = setTimeout(() => {
                this.#losses = 0
              }, LASTING_MS)
              this.#setState('online')
              this.#listener.onReady()
            }
          }
          if (!welcome) this.#listener.onFrame(frame)
        },
        onClose: (code, reason) => {
          if (this.#socket === socket) this.#closed(code, reason)
        },
      },
    )
    this.#socket = socket
  }

  #initFailed(error: unknown): void {
    if (!(error instanceof ApiProblem)) return this.#lost()
    const { status, code, retryAfterMs } = error
    // What the page or its configuration got wrong does not get better by asking again.
    if (status >= 400 && status < 500 && status !== 408 && status !== 429) this.#refuse('unavailable', code)
    else this.#lost(retryAfterMs && spreadPause(retryAfterMs))
  }

  #closed(code: number, reason: string): void {
    this.#socket = undefined
    clearTimeout(this.#lasting)
    switch (code) {
      case CLOSED_ENDED:
        return this.#refuse('ended', 'SESSION_ENDED')
      case CLOSED_ORIGIN_NOT_ALLOWED:
        return this.#refuse('unavailable', 'ORIGIN_NOT_ALLOWED')
      case CLOSED_PROTOCOL_ABUSE:
        return this.#giveUp()
      case CLOSED_TOO_MANY:
        return this.#lost(pauseIn(reason) ?? spreadPause(PAUSE_AFTER_TOO_MANY_MS))
      case CLOSED_INVALID_SESSION:
      case CLOSED_INVALID_TOKEN:
        // The next try asks the server for a session again, which takes the token or tells us to forget it.
        this.#established = undefined
        return this.#lost()
      default:
        return this.#lost(pauseIn(reason))
    }
  }

  /** Comes back after the pause the server asked for, or after one of its own. */
  #lost(pauseMs?: number): void {
    this.#losses += 1
    if (this.#losses > TRIES_BEFORE_GIVING_UP) return this.#giveUp()
    this.#setState('reconnecting')
    this.#attemptAfter(pauseMs ?? delayBeforeTry(this.#losses))
  }

  #tryAnew(delayMs: number): void {
    this.#dropAttempt()
    this.#losses = 0
    this.#setState('reconnecting')
    if (delayMs) this.#attemptAfter(delayMs)
    else void this.#attempt()
  }

  #attemptAfter(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#attempt()
    }, delayMs)
  }

  #dropAttempt(): void {
    this.#epoch += 1
    clearTimeout(this.#timer)
    clearTimeout(this.#lasting)
    this.#timer = undefined
    this.#socket?.close()
    this.#socket = undefined
  }

  #giveUp(): void {
    this.#setState('offline')
  }

  #refuse(refusal: Refusal, code: string): void {
    this.stop()
    this.#listener.onRefused(refusal, code)
  }

  #setState(state: ConnectionState): void {
    if (state === this.#state) return
    this.#state = state
    this.#listener.onState(state)
  }
}
