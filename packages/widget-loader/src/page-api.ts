/** What a page may configure, call and listen to: the public types of `@kuzushi/widget-loader`. */

export interface KuzushiConfig {
  /** Which app of the hospital answers; the server knows it as `projectId`. */
  projectId: string
  /** Where the server is. Left out, it is the origin that served the snippet. */
  apiBaseUrl?: string
  /** BCP 47 tag. Left out, the page's `lang`, then the browser's language. */
  locale?: string
  /** The corner of the launcher and the panel. */
  position?: 'right' | 'left'
  /** `#rrggbb`: the launcher's colour. Left out, it is the hospital's own as soon as this browser has seen it once. */
  primaryColor?: string
  /** A word to visitors beside the launcher. With it the widget is fetched when the page has loaded, before anybody asks for it. */
  greeting?: string
  /**
   * For a computer that several people use: seconds without anybody doing anything on the page, 15 at least, after which the
   * conversation is ended and erased, or a patient signed out, and nothing is left on the device.
   */
  kiosk?: number
  /** Lets events carry what was written. Left out, no event holds any text of a conversation. */
  includeContent?: boolean
}

export type View = 'chat' | 'history' | 'settings'

export interface KuzushiEvents {
  ready: Record<string, never>
  show: Record<string, never>
  hide: Record<string, never>
  message: {
    messageId: string
    role: 'user' | 'assistant' | 'agent' | 'system'
    createdAt: string
    /** Only with `includeContent`. */
    content?: string
  }
  unread: { count: number }
  session: { sessionId: string | null; resumed: boolean }
  /** `connecting`, `reconnecting`, `listening`, `thinking`, `speaking` or `ended`. */
  voice: { status: string }
  error: { code: string; message: string }
}

export type EventName = keyof KuzushiEvents
export type EventListenerFor<Name extends EventName> = (payload: KuzushiEvents[Name]) => void

export interface ListenOptions {
  /** Gives this listener the text of messages. */
  includeContent?: boolean
}

/** Every method a page can call, as a command (`Kuzushi('show')`) or on the object of `loadKuzushi`. */
export interface KuzushiApi {
  init(config?: KuzushiConfig): void
  show(): void
  hide(): void
  toggle(): void
  open(view?: View): void
  sendMessage(text: string): void
  /** Who the visitor is, asserted by the hospital's own backend; `null` forgets it. */
  identify(identity: { token: string } | null): void
  /** Begins a call, where the hospital has them. Only while the visitor presses something. */
  startVoice(): void
  endVoice(): void
  setLocale(tag: string): void
  on<Name extends EventName>(event: Name, listener: EventListenerFor<Name>, options?: ListenOptions): void
  off<Name extends EventName>(event: Name, listener: EventListenerFor<Name>): void
  /** Ends the conversation and erases it, here and on the server. */
  endSession(): void
  /** Takes everything of ours off the page. `init` puts it back. */
  shutdown(): void
}

export interface Command {
  method: string
  args: unknown[]
}

/** `window.Kuzushi`: a function that queues, and the queue it fills. */
export interface KuzushiGlobal {
  (method: string, ...args: unknown[]): void
  q?: Command[]
  /** True once commands are carried out as they come. */
  _loaded?: boolean
  /** The script tag that brought the snippet: it says where the server is, and may name the project. */
  _script?: { src: string; dataset: Record<string, string | undefined> }
}

declare global {
  interface Window {
    Kuzushi?: KuzushiGlobal
    KuzushiConfig?: KuzushiConfig | null
  }
}
