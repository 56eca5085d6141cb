import { vi } from 'vitest'
import type { ClientFrame, ServerFrame, SessionStarted, WireMessage } from '../generated/wire'

/** Frames without their discriminating intersection types, easier to write in a test. */
type Frame = ServerFrame

export function sessionStarted(changes: Partial<SessionStarted> = {}): SessionStarted {
  return {
    sessionId: 'sess_1',
    token: 'token-1',
    expiresAt: '2099-01-01T00:00:00.000Z',
    configVersion: 1,
    lastSeq: 0,
    app: { name: 'Patient portal' },
    features: { textChat: true, voice: false, fileUpload: false, signIn: false, identityRequired: false },
    theme: { primaryColor: '#0066cc', fontScale: 1, radius: '0.75rem', colorScheme: 'light' },
    chat: { wsUrl: 'wss://api.test/ws/chat?sessionId=sess_1' },
    voice: { enabled: false, signalingUrl: 'wss://api.test/ws/voice', rtcConfig: { iceServers: [] } },
    contact: { hospitalName: 'Test Hospital', phone: '555 0100', hours: 'always', emergencyNumber: '911' },
    aiDisclosure: 'You are chatting with an AI assistant, not a person.',
    uiHints: {
      welcomeMessage: 'Welcome!',
      widgetTitle: 'Ask us',
      inputPlaceholder: 'Type here',
      sendButtonText: 'Send',
      voiceButtonText: 'Talk',
      endCallButtonText: 'End',
      poweredByText: 'Powered by Kuzushi',
      emptyStateMessage: 'Ask away',
      emptyStateSubtitle: 'Approved answers only',
      suggestedQuestions: ['Where can I park?'],
    },
    ...changes,
  }
}

export function stored(seq: number, role: WireMessage['role'], content: string): WireMessage {
  return {
    messageId: `m${seq}`,
    seq,
    role,
    content,
    createdAt: `2026-01-01T10:00:${String(seq).padStart(2, '0')}.000Z`,
  }
}

/** The server's end of one socket. */
export class FakeSocket {
  static readonly OPEN = 1
  readyState = 0
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  readonly received: ClientFrame[] = []

  constructor(readonly url: string) {
    sockets.push(this)
  }

  send(data: string): void {
    this.received.push(JSON.parse(data))
  }

  /** The page closed it. */
  close(): void {
    this.readyState = 3
  }

  /** The connection is there, and the server takes the token. */
  accept(lastSeq = 0): this {
    this.readyState = 1
    this.onopen?.()
    this.push({ type: 'session_ack', sessionId: 'sess_1', lastSeq })
    return this
  }

  push(...frames: Frame[]): void {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) })
  }

  drop(code = 1006, reason = ''): void {
    this.readyState = 3
    this.onclose?.({ code, reason })
  }

  frames<Type extends ClientFrame['type']>(type: Type): Extract<ClientFrame, { type: Type }>[] {
    return this.received.filter((frame) => frame.type === type) as Extract<ClientFrame, { type: Type }>[]
  }
}

export let sockets: FakeSocket[] = []

export function latestSocket(): FakeSocket {
  const socket = sockets.at(-1)
  if (!socket) throw new Error('no socket was opened')
  return socket
}

export interface FakeRequest {
  method: string
  path: string
  token: string | undefined
  body: unknown
}

type Answer = { status?: number; json?: unknown; retryAfter?: number } | 'unreachable'

/** Replaces `fetch` and `WebSocket`. Requests are answered by the handler; what it does not know is a 404. */
export function installFakeServer(handler: (request: FakeRequest) => Answer | undefined = () => undefined) {
  sockets = []
  const requests: FakeRequest[] = []
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    const { pathname, search } = new URL(url)
    const headers = new Headers(init.headers)
    const request: FakeRequest = {
      method: init.method ?? 'GET',
      path: pathname + search,
      token: headers.get('Authorization')?.replace('Bearer ', ''),
      body: init.body ? JSON.parse(String(init.body)) : undefined,
    }
    requests.push(request)
    const answer =
      handler(request) ??
      (pathname === '/v1/widget/session/init' ? { status: 201, json: sessionStarted() } : { status: 404 })
    if (answer === 'unreachable') throw new TypeError('Failed to fetch')
    const { status = 200, json = { code: 'NOT_FOUND' }, retryAfter } = answer
    return new Response(JSON.stringify(json), {
      status,
      headers: retryAfter ? { 'Retry-After': String(retryAfter) } : {},
    })
  })
  return { requests }
}
