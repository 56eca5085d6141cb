import { vi } from 'vitest'
import type { KeptConversation } from '../client/device-record'

/** Notes all that a conversation tells. */
export const listener = {
  onSession: vi.fn(),
  onMessage: vi.fn(),
  onSeen: vi.fn(),
  onDelivery: vi.fn(),
  onReturned: vi.fn(),
  onForgotten: vi.fn(),
  onNotKept: vi.fn(),
  onProblem: vi.fn(),
}

export const visit = {
  pageUrl: 'https://host.test/',
  hostOrigin: 'https://host.test',
  userAgent: 'test',
  locale: 'en',
}

/** A conversation that the device remembers from an earlier visit. */
export const KEPT: KeptConversation = {
  sessionId: 'sess_1',
  token: 'kept-token',
  expiresAt: '2099-01-01T00:00:00.000Z',
  startedAt: '2026-01-01T00:00:00.000Z',
}
