import type { ClientFrame } from '../generated/wire'

/** Tells whoever answers, as far as there is somebody to tell, what the visitor has seen. */
export class Presence {
  readonly #tell: (frame: ClientFrame) => void
  #seen: string | undefined

  constructor(tell: (frame: ClientFrame) => void) {
    this.#tell = tell
  }

  /** The visitor has the newest answer before them. */
  seen(messageId: string | undefined): void {
    if (!messageId || messageId === this.#seen) return
    this.#seen = messageId
    this.#tell({ type: 'read', messageId })
  }
}
