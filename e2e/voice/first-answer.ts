import type { Browser } from '@playwright/test'

/**
 * Waits for one answer, typed on a page of a site that may embed the widget: by then the server has read its articles, and
 * nothing that is counted or timed after it waits for that.
 */
export async function firstAnswer(
  browser: Browser,
  page: string,
  server: string,
  project: string,
): Promise<void> {
  const visitor = await browser.newPage()
  await visitor.goto(page)
  await visitor.evaluate(
    async ({ server, project }) => {
      const response = await fetch(`${server}/v1/widget/session/init`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ projectId: project }),
      })
      const { sessionId, token, chat } = await response.json()
      const socket = new WebSocket(chat.wsUrl)
      const send = (frame: object) => socket.send(JSON.stringify(frame))
      await new Promise<void>((resolve, reject) => {
        socket.onopen = () => send({ type: 'auth', token, sessionId })
        socket.onclose = ({ code }) => reject(new Error(`closed with ${code} before an answer came`))
        socket.onmessage = ({ data }) => {
          const { type, role } = JSON.parse(data)
          if (type === 'session_ack')
            send({
              type: 'user_message',
              messageId: crypto.randomUUID(),
              content: 'How much do I pay for parking?',
            })
          if (type === 'message' && role === 'assistant') resolve()
        }
      })
    },
    { server, project },
  )
  await visitor.close()
}
