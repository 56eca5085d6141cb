import type { ClientFrame, ServerFrame, WireMessage } from '../../widget/src/generated/wire'
import { SESSION, sessionStarted } from './samples'

type Answer = { status?: number; json?: unknown } | 'unreachable' | 'silent'

/** What a state says about the server: everything that it leaves out works. */
export interface Behaviour {
  /** What was said before this page came. */
  history?: readonly WireMessage[]
  /** Answers to HTTP calls by `METHOD /path`. */
  calls?: Record<string, Answer>
  /** What the socket does once it was let in. */
  frames?: readonly ServerFrame[]
  /** `silent`: it never opens. */
  socket?: 'silent'
  session?: Parameters<typeof sessionStarted>[0]
  /** What becomes of a file: how much of it has arrived, from 0 to 1, or the answer to it. */
  upload?: (file: File) => number | { status: number; json: unknown }
  /** What it does with what the visitor sends. */
  onFrame?: (frame: ClientFrame, socket: PretendSocket) => void
}

/** The server's end of a socket, in the page itself. */
export class PretendSocket extends EventTarget {
  static readonly OPEN = 1
  readyState = 0
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null

  constructor() {
    super()
    sockets.push(this)
    if (behaviour.socket === 'silent') return
    queueMicrotask(() => {
      this.readyState = 1
      this.onopen?.()
    })
  }

  send(text: string): void {
    const frame: ClientFrame = JSON.parse(text)
    queueMicrotask(() => {
      if (frame.type === 'auth') {
        this.push({ type: 'session_ack', sessionId: SESSION, lastSeq: behaviour.history?.length ?? 0 })
        // What a state begins with comes after what is caught up with.
        setTimeout(() => this.push(...(behaviour.frames ?? [])), 60)
      }
      if (frame.type === 'init')
        this.push({ type: 'session_ack', sessionId: SESSION, lastSeq: behaviour.history?.length ?? 0 })
      behaviour.onFrame?.(frame, this)
    })
  }

  close(): void {
    this.readyState = 3
  }

  push(...frames: ServerFrame[]): void {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) })
  }

  drop(code = 1006): void {
    this.readyState = 3
    this.onclose?.({ code, reason: '' })
  }
}

/** What files are sent with. */
class PretendRequest {
  status = 0
  response: unknown
  readonly upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {}
  onload?: () => void

  open(): void {}
  setRequestHeader(): void {}
  abort(): void {}
  send(form: FormData): void {
    const answer = behaviour.upload?.(form.get('file') as File) ?? 0
    queueMicrotask(() => {
      if (typeof answer === 'number') return this.upload.onprogress?.({ loaded: answer, total: 1 })
      this.status = answer.status
      this.response = answer.json
      this.onload?.()
    })
  }
}

export const sockets: PretendSocket[] = []
let behaviour: Behaviour = {}

/** Takes the place of the network in this page. Nothing that the widget asks for leaves it, except for its own files. */
export function pretend(next: Behaviour): void {
  behaviour = next
  const realFetch = window.fetch
  window.WebSocket = PretendSocket as never
  window.XMLHttpRequest = PretendRequest as never
  window.fetch = async (input, init = {}) => {
    const { pathname, search } = new URL(String(input), location.href)
    if (!pathname.startsWith('/v1/')) return realFetch(input, init)
    const call = `${init.method ?? 'GET'} ${pathname}${search}`
    const answer = next.calls?.[`${init.method ?? 'GET'} ${pathname}`] ?? usual(call)
    if (answer === 'silent') return new Promise(() => {})
    if (answer === 'unreachable') throw new TypeError('Failed to fetch')
    const { status = 200, json = { code: 'NOT_FOUND' } } = answer
    return new Response(JSON.stringify(json), { status })
  }
}

function usual(call: string): Answer {
  const { history = [], session } = behaviour
  if (call.startsWith('POST /v1/widget/session/init'))
    return { status: 201, json: sessionStarted({ lastSeq: history.length, ...session }) }
  if (call.startsWith(`GET /v1/sessions/${SESSION}/messages`))
    return { json: { messages: call.includes('limit=1&') ? history.slice(0, 1) : history } }
  return { status: 404 }
}
