import type { ClientFrame } from '../generated/wire'

/** Somebody who goes on writing is said to be writing this often. */
const REPEAT_MS = 4_000

/** Tells whoever answers, as far as there is somebody to tell, what the visitor is at: that they write, and what they have seen. */
export class Presence {
  readonly #tell: (frame: ClientFrame) => void
  #writingSince = Number.NEGATIVE_INFINITY
  #seen: string | undefined

  constructor(tell: (frame: ClientFrame) => void) {
    this.#tell = tell
  }

  /** What is in the message field has changed. */
  writing(draft: string): void {
    const active = draft.trim() !== ''
    const now = Date.now()
    if (active && now - this.#writingSince < REPEAT_MS) return
    if (!active && this.#writingSince === Number.NEGATIVE_INFINITY) return
    this.#writingSince = active ? now : Number.NEGATIVE_INFINITY
    this.#tell({ type: 'typing', active })
  }

  /** The visitor has the newest answer before them. */
  seen(messageId: string | undefined): void {
    if (!messageId || messageId === this.#seen) return
    this.#seen = messageId
    this.#tell({ type: 'read', messageId })
  }
}
