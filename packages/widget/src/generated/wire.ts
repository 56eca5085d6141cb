/** What crosses the wire. Written by `npm run generate` from openapi.json; not by hand. */

export type MessageRole = 'user' | 'assistant' | 'agent' | 'system'

export interface Citation {
  articleId: string
  title: string
  url?: string | null
  section?: string | null
  snippet?: string | null
}

export interface Message {
  messageId: string
  seq: number
  role: MessageRole
  content: string
  createdAt: string
  inReplyTo?: string | null
  citations?: Citation[]
  metadata?: { [key: string]: unknown } | null
}

export interface MessagePage {
  messages: Message[]
  before?: string | null
  after?: string | null
}

export interface SessionSummary {
  sessionId: string
  createdAt: string
  lastActiveAt: string
  endedAt?: string | null
  messageCount: number
}

export interface SessionInitRequest {
  projectId: string
  widgetInstanceId: string
  pageUrl: string
  hostOrigin: string
  userAgent: string
  locale: string
}

export interface SessionInitResponse {
  sessionId: string
  token: string
  expiresAt: string
  configVersion: number
  lastSeq: number
  app: { name: string }
  features: { textChat: boolean; voice: boolean; fileUpload: boolean }
  theme: { primaryColor: string; fontScale: number; radius: string; colorScheme: 'auto' | 'light' | 'dark' }
  contact: { hospitalName: string; phone: string; hours: string; emergencyNumber: string }
  uiHints: {
    welcomeMessage: string
    widgetTitle: string
    inputPlaceholder: string
    sendButtonText: string
    voiceButtonText: string
    endCallButtonText: string
    poweredByText: string
    emptyStateMessage: string
    emptyStateSubtitle: string
    suggestedQuestions: string[]
  }
  chat: { wsUrl: string }
}

export type ClientFrame =
  | { type: 'auth'; token: string; sessionId: string }
  | { type: 'init'; sessionId: string; lastSeq?: number }
  | { type: 'user_message'; messageId: string; content: string; metadata?: { timestamp?: string } }
  | { type: 'cancel'; messageId: string }
  | { type: 'ping' }

export type ServerFrame =
  | { type: 'session_ack'; sessionId: string; lastSeq: number }
  | { type: 'ack'; messageId: string; seq: number }
  | { type: 'status'; status: 'typing' | 'idle' }
  | { type: 'token'; messageId: string; delta: string; offset: number }
  | ({ type: 'message' } & Message)
  | { type: 'pong' }
  | { type: 'notice'; code: string; content: string; seq: number }
  | { type: 'error'; code: string; message: string; messageId?: string | null; retryable: boolean }
