import { expect, type Page } from '@playwright/test'
import type { KuzushiServer } from './kuzushi-server'

interface StoredMessage {
  messageId: string
  seq: number
  role: string
  content: string
  inReplyTo?: string
}

/** What the server holds of the conversation that this page's browser keeps, asked with the page's own token. */
export async function storedMessages(
  page: Page,
  server: KuzushiServer,
  projectId: string,
): Promise<StoredMessage[]> {
  const record = await page.evaluate((key) => localStorage.getItem(key), `kuzushi:${projectId}:`)
  const { sessionId, token } = JSON.parse(record ?? '{}').current
  const response = await fetch(`${server.url}/v1/sessions/${sessionId}/messages?limit=200`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  expect(response.status).toBe(200)
  return ((await response.json()) as { messages: StoredMessage[] }).messages
}

/** What is left of a text without its spaces and marks, which an answer as shown has others of than as written. */
export const letters = (text: string | null | undefined): string => (text ?? '').replace(/\W/g, '')
