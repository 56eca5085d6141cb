import type { ClientFrame, ServerFrame } from '../generated/wire'

const PING_EVERY_MS = 25_000
const ANSWER_WITHIN_MS = 10_000

/** The close code of a connection that went away without saying so. */
export const LOST = 1006

export interface SocketHandlers {
  onFrame(frame: ServerFrame): void
  /** Called once, and nothing after it. */
  onClose(code: number): void
}

/** One connection: authenticates, keeps it alive, and notices when it is dead although the browser has not. */
export class ChatSocket {
  readonly #socket: WebSocket
  readonly #handlers: SocketHandlers
  #heartbeat: ReturnType<typeof setInterval> | undefined
  #deadline: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(url: string, auth: ClientFrame, handlers: SocketHandlers) {
    this.#handlers = handlers
    this.#socket = new WebSocket(url)
    this.#socket.onopen = () => {
      this.send(auth)
      this.#heartbeat = setInterval(() => this.checkAlive(), PING_EVERY_MS)
    }
    this.#socket.onmessage = ({ data }) => this.#receive(data)
    this.#socket.onclose = ({ code }) => this.#end(code)
    // Opening and being acknowledged has its own deadline: any frame ends it.
    this.#expectAnswer()
  }

  send(frame: ClientFrame): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame))
  }

  /** Asks for a sign of life; a phone that slept finds out here that its connection is gone. */
  checkAlive(): void {
    this.send({ type: 'ping' })
    this.#expectAnswer()
  }

  close(): void {
    this.#closed = true
    this.#release()
    this.#socket.close()
  }

  #receive(data: unknown): void {
    if (this.#closed) return
    clearTimeout(this.#deadline)
    this.#deadline = undefined
    let frame: ServerFrame
    try {
      frame = JSON.parse(String(data))
    } catch {
      return
    }
    if (frame && typeof frame === 'object') this.#handlers.onFrame(frame)
  }

  #expectAnswer(): void {
    this.#deadline ??= setTimeout(() => this.#end(LOST), ANSWER_WITHIN_MS)
  }

  #end(code: number): void {
    if (this.#closed) return
    this.close()
    this.#handlers.onClose(code)
  }

  #release(): void {
    clearInterval(this.#heartbeat)
    clearTimeout(this.#deadline)
  }
}
