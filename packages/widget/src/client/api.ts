import type {
  LoginEnd,
  MessageList,
  SessionEnded,
  SessionInit,
  SessionList,
  SessionStarted,
  SessionSummary,
  SignedIn,
} from '../generated/wire'
import type { KeptConversation } from './device-record'

const TIMEOUT_MS = 15_000

/** The server said no. `code` is the stable one of its problem document. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly retryAfterMs?: number,
  ) {
    super(`${status} ${code}`)
  }
}

/** The server's HTTP calls a visitor's widget makes. Anything but an answer rejects: `ApiProblem`, or fetch's own error. */
export class Api {
  readonly #baseUrl: string

  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl.replace(/\/+$/, '')
  }

  // text/plain and no header of ours on the first call: the browser then asks no preflight before it.
  async initSession(body: SessionInit, token?: string): Promise<SessionStarted> {
    const response = await this.#call('/v1/widget/session/init', token, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'text/plain' },
    })
    return response.json()
  }

  async messages(
    of: KeptConversation,
    cursor: { before?: string; after?: string; limit?: string } = {},
  ): Promise<MessageList> {
    const query = new URLSearchParams({ limit: '50', ...cursor })
    return (await this.#call(`${path(of)}/messages?${query}`, of.token)).json()
  }

  /** The one conversation this token opens. */
  async summary(of: KeptConversation): Promise<SessionSummary | undefined> {
    const { sessions } = (await (await this.#call('/v1/sessions', of.token)).json()) as {
      sessions: SessionSummary[]
    }
    return sessions.find(({ sessionId }) => sessionId === of.sessionId)
  }

  /** A page of all conversations of a patient, newest first. */
  async conversationsOf(token: string, before?: string): Promise<SessionList> {
    const query = new URLSearchParams({ limit: '20', ...(before && { before }) })
    return (await this.#call(`/v1/sessions?${query}`, token)).json()
  }

  /** Signs in, which makes the conversation the patient's. */
  async signIn({ sessionId, token }: KeptConversation, email: string, password: string): Promise<SignedIn> {
    const body = JSON.stringify({ email, password, sessionId })
    return (await this.#call('/v1/auth/login', token, post(body))).json()
  }

  /** Has the hospital's own site say who the visitor is, with the same outcome. */
  async identify({ sessionId, token }: KeptConversation, identity: string): Promise<SignedIn> {
    const body = JSON.stringify({ token: identity, sessionId })
    return (await this.#call('/v1/auth/identify', token, post(body))).json()
  }

  /** How long the patient stays signed in; `stay`: because they are there. */
  async loginEnd(token: string, stay: boolean): Promise<LoginEnd> {
    return (await this.#call(`/v1/auth/${stay ? 'stay' : 'login'}`, token, stay ? post('{}') : {})).json()
  }

  async signOut(token: string): Promise<void> {
    await this.#call('/v1/auth/logout', token, post('{}'))
  }

  async exportConversation(of: KeptConversation, format: 'json' | 'text'): Promise<Blob> {
    return (await this.#call(`${path(of)}/export?format=${format}`, of.token)).blob()
  }

  /** Resolves to whether the hospital has to keep the conversation for now. */
  async endAndErase(conversation: KeptConversation): Promise<boolean> {
    const response = await this.#call(`${path(conversation)}/end`, conversation.token, post('{"erase":true}'))
    const { erasureDeferred }: Partial<SessionEnded> = await response.json()
    return erasureDeferred === true
  }

  async #call(pathAndQuery: string, token?: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(this.#baseUrl + pathAndQuery, {
      ...init,
      headers: { ...init.headers, ...(token && { Authorization: `Bearer ${token}` }) },
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (response.ok) return response
    const problem: { code?: unknown } = await response.json().catch(() => ({}))
    const seconds = Number(response.headers.get('Retry-After'))
    throw new ApiProblem(
      response.status,
      typeof problem?.code === 'string' ? problem.code : 'UNKNOWN',
      seconds > 0 ? seconds * 1000 : undefined,
    )
  }
}

const post = (body: string): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'Content-Type': 'application/json' },
})

const path = ({ sessionId }: KeptConversation) => `/v1/sessions/${encodeURIComponent(sessionId)}`
