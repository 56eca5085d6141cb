import type { SessionStarted } from '../generated/wire'

/** The key to one conversation of this device. Whoever holds the token can read it. */
export interface KeptConversation {
  sessionId: string
  token: string
  expiresAt: string
  startedAt: string
}

/** Who is signed in on this device. Whoever holds the token can read all conversations of theirs, until they sign out. */
export interface KeptPatient {
  token: string
  expiresAt: string
  name: string
  /** Missing where only the hospital's own site knows who it is. */
  email?: string | undefined
}

/** The hospital's look and wording as last seen, so that the panel opens as itself before the server answers. */
export type Appearance = Pick<SessionStarted, 'app' | 'theme' | 'uiHints' | 'contact'>

export interface Preferences {
  /** Multiplies the hospital's own text size. */
  textSize: number
  /** Left out: as the hospital chose. */
  colorScheme?: 'auto' | 'light' | 'dark'
  /** Left out: the page's, or the browser's. */
  language?: string
}

/**
 * What is kept on the device for one widget instance. Never what was said, which stays on the server; what was written and has
 * not reached it is in the outbox.
 */
export interface DeviceRecord {
  /** Missing until a conversation begins, and again after everything was erased. */
  widgetInstanceId?: string
  current?: KeptConversation
  earlier: KeptConversation[]
  patient?: KeptPatient
  unread: number
  /** The page's greeting was answered or put away. */
  greeted?: boolean
  /** The emergency's notice that was put away last, by its id. */
  dismissedNotice?: string
  /** Of a computer that several people use: when somebody was last there. */
  activeAt?: number
  /** Read by the loader, for the launcher of the next page: its colour, and its name in the language that is spoken. */
  launcherColor?: string
  launcherLabel?: string
  appearance?: Appearance
  preferences: Preferences
}

export const EARLIER_CONVERSATIONS_KEPT = 10

/**
 * The record in `localStorage`, shared by every tab of the site. Where storage is blocked or full it lives in memory: the
 * conversation then lasts as long as the page.
 */
export class DeviceStorage {
  readonly #key: string
  readonly #onNotKept: () => void
  #inMemory: DeviceRecord | undefined

  constructor(key: string, onNotKept: () => void = () => {}) {
    this.#key = key
    this.#onNotKept = onNotKept
  }

  read(): DeviceRecord {
    if (this.#inMemory) return this.#inMemory
    let stored: Partial<DeviceRecord> = {}
    try {
      const parsed: unknown = JSON.parse(localStorage.getItem(this.#key) ?? '{}')
      if (parsed && typeof parsed === 'object') stored = parsed
    } catch {
      // Blocked, or not ours: begin with an empty record.
    }
    return { earlier: [], unread: 0, preferences: { textSize: 1 }, ...stored }
  }

  /** Reads again before it writes: another tab may have changed another part. A field set to undefined is removed. */
  update(changes: { [Field in keyof DeviceRecord]?: DeviceRecord[Field] | undefined }): void {
    this.#write({ ...this.read(), ...changes } as DeviceRecord)
  }

  /** Leaves nothing of ours on the device. Reading writes nothing, so that it stays so until somebody begins anew. */
  erase(): void {
    this.#inMemory = undefined
    try {
      localStorage.removeItem(this.#key)
    } catch {
      // Blocked: there was only the record in memory.
    }
  }

  /** Whether a `storage` event is about this record. `key` is null when a page cleared everything. */
  isAbout(key: string | null): boolean {
    return key === this.#key || key === null
  }

  #write(record: DeviceRecord): void {
    if (!this.#inMemory) {
      try {
        localStorage.setItem(this.#key, JSON.stringify(record))
        return
      } catch {
        // From here on memory is the record; a half-working store would forget at random.
        this.#onNotKept()
      }
    }
    this.#inMemory = record
  }
}

/** Adds a conversation to the earlier ones, newest first, without repeats, expired ones or more than are kept. */
export function withEarlier(
  earlier: KeptConversation[],
  added: KeptConversation,
  now: number,
): KeptConversation[] {
  return [added, ...earlier.filter(({ sessionId }) => sessionId !== added.sessionId)]
    .filter(({ expiresAt }) => !(Date.parse(expiresAt) <= now))
    .slice(0, EARLIER_CONVERSATIONS_KEPT)
}
