import type { VoiceClientFrame, VoiceServerFrame } from '../generated/wire'

export interface VoiceSocketHandlers {
  onOpen(): void
  onFrame(frame: VoiceServerFrame): void
  /** Called once, and nothing after it. */
  onClose(code: number): void
}

/** The connection over which a call is made: it lets in with `auth`, and passes frames. */
export class VoiceSocket {
  readonly #socket: WebSocket
  #closed = false

  constructor(url: string, auth: { token: string; sessionId: string }, handlers: VoiceSocketHandlers) {
    this.#socket = new WebSocket(url)
    this.#socket.onopen = () => {
      if (this.#closed) return
      this.#send({ type: 'auth', ...auth })
      handlers.onOpen()
    }
    this.#socket.onmessage = ({ data }) => {
      if (this.#closed) return
      const frame = read(data)
      if (frame) handlers.onFrame(frame)
    }
    this.#socket.onclose = ({ code }) => {
      if (this.#closed) return
      this.#closed = true
      handlers.onClose(code)
    }
  }

  send(frame: VoiceClientFrame): void {
    this.#send(frame)
  }

  /** Says nothing more to its handlers. */
  close(): void {
    this.#closed = true
    this.#socket.close()
  }

  #send(frame: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame))
  }
}

function read(data: unknown): VoiceServerFrame | undefined {
  try {
    const frame: unknown = JSON.parse(String(data))
    return frame && typeof frame === 'object' ? (frame as VoiceServerFrame) : undefined
  } catch {
    return undefined
  }
}
