import type { Page } from '@playwright/test'

/** What a server in trouble answers to a message instead of taking it. */
export interface Refusal {
  code: 'INTERNAL' | 'RATE_LIMITED' | 'NOT_ALLOWED'
  retryable: boolean
}

/** Stands between this page and the real server: while a refusal is set, messages get it and go no further. */
export class RefusingServer {
  refusal: Refusal | undefined
  /** Ids of the messages that came, refused or not, in the order in which they came. */
  readonly received: string[] = []

  static async between(page: Page): Promise<RefusingServer> {
    const refusing = new RefusingServer()
    await page.routeWebSocket(/\/ws\/chat/, (socket) => {
      const server = socket.connectToServer()
      socket.onMessage((text) => {
        const frame = JSON.parse(String(text))
        if (frame.type === 'user_message') refusing.received.push(frame.messageId)
        if (frame.type !== 'user_message' || !refusing.refusal) server.send(text)
        else
          socket.send(
            JSON.stringify({ type: 'error', message: 'x', messageId: frame.messageId, ...refusing.refusal }),
          )
      })
    })
    return refusing
  }
}
