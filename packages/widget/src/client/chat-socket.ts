import type { ClientFrame, ServerFrame } from '../generated/wire'

const PING_AFTER_SILENCE_MS = 25_000
const CONNECT_WITHIN_MS = 10_000
const ANSWER_PING_WITHIN_MS = 5_000

/** The close code of a connection that went away without saying so. */
const LOST = 1006

export interface SocketHandlers {
  onFrame(frame: ServerFrame): void
  /** Called once, and nothing after it. */
  onClose(code: number, reason: string): void
}

/** One connection: authenticates, keeps it alive, and notices when it is dead although the browser has not. */
export class ChatSocket {
  readonly #socket: WebSocket
  readonly #handlers: SocketHandlers
  #heartbeat: ReturnType<typeof setInterval> | undefined
  #deadline: ReturnType<typeof setTimeout> | undefined
  /** Since the last beat. */
  #heard = true
  /** No answer yet to the last ping. */
  #pinged = false
  #closed = false

  constructor(url: string, auth: ClientFrame, handlers: SocketHandlers) {
    this.#handlers = handlers
    this.#socket = new WebSocket(url)
    this.#socket.onopen = () => {
      this.send(auth)
      this.#heartbeat = setInterval(() => {
        if (!this.#heard) this.checkAlive()
        this.#heard = false
      }, PING_AFTER_SILENCE_MS)
    }
    this.#socket.onmessage = ({ data }) => this.#receive(data)
    this.#socket.onclose = ({ code, reason }) => this.#end(code, reason)
    // Opening and being acknowledged has its own deadline: any frame ends it.
    this.#expectAnswer(CONNECT_WITHIN_MS)
  }

  send(frame: ClientFrame): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame))
  }

  /** Asks for a sign of life; a phone that slept finds out here that its connection is gone. */
  checkAlive(): void {
    this.send({ type: 'ping' })
    this.#pinged = true
    this.#expectAnswer(ANSWER_PING_WITHIN_MS)
  }

  close(): void {
    this.#closed = true
    this.#release()
    this.#socket.close()
  }

  #receive(data: unknown): void {
    if (this.#closed) return
    this.#heard = true
    clearTimeout(this.#deadline)
    this.#deadline = undefined
    let frame: ServerFrame
    try {
      frame = JSON.parse(String(data))
    } catch {
      return
    }
    if (!frame?.type) return
    if (frame.type === 'pong') this.#pinged = false
    // Something else was under way perhaps, on a connection that is gone: the answer still has to come.
    if (this.#pinged) this.#expectAnswer(ANSWER_PING_WITHIN_MS)
    this.#handlers.onFrame(frame)
  }

  #expectAnswer(withinMs: number): void {
    this.#deadline ??= setTimeout(() => this.#end(LOST, ''), withinMs)
  }

  #end(code: number, reason: string): void {
    if (this.#closed) return
    this.close()
    this.#handlers.onClose(code, reason)
  }

  #release(): void {
    clearInterval(this.#heartbeat)
    clearTimeout(this.#deadline)
  }
}
