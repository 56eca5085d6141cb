import { act, waitFor } from '@testing-library/react'
import { expect, test } from 'vitest'
import { drawsTheWidget, find, inPanel, KEY, opened, root, run } from './testing/drawn-widget'
import { type FakeRequest, stored } from './testing/fake-server'

drawsTheWidget()

const OLD = [
  stored(1, 'user', 'Is there a café?'),
  stored(2, 'assistant', 'The **café** is on the ground floor.'),
]

const server = ({ path, token }: FakeRequest) => {
  const time = '2026-01-01T10:00:00.000Z'
  const sessionId = token === 'old-token' ? 'sess_0' : 'sess_1'
  if (path === '/v1/sessions')
    return { json: { sessions: [{ sessionId, createdAt: time, lastActiveAt: time, messageCount: 2 }] } }
  if (path.startsWith('/v1/sessions/sess_0/messages')) return { json: { messages: OLD } }
  if (path.startsWith('/v1/sessions/sess_1/messages'))
    return { json: { messages: [stored(1, 'user', 'Where can I park?')] } }
  return undefined
}

async function searching(text: string) {
  localStorage.setItem(
    KEY,
    JSON.stringify({
      widgetInstanceId: 'wgt_1',
      earlier: [
        {
          sessionId: 'sess_0',
          token: 'old-token',
          expiresAt: '2099-01-01',
          startedAt: '2025-12-01T10:00:00.000Z',
        },
      ],
    }),
  )
  const here = await opened(server)
  await act(async () => here.socket.push({ type: 'message', ...stored(1, 'user', 'Where can I park?') }))
  await run('open', 'history')
  await waitFor(() => inPanel().getByRole('searchbox'))
  await here.user.type(inPanel().getByRole('searchbox'), text)
  return here
}

const marks = () => [...root.querySelectorAll('mark')].map(({ textContent }) => textContent)

test('finds what was said in every conversation, marked, and goes to where it was said', async () => {
  const { user } = await searching('cafe')
  await waitFor(() => expect(marks()).toEqual(['café', 'café']))
  expect(inPanel().getByText('2 messages found')).toBeTruthy()
  expect(root.querySelectorAll('.row')).toHaveLength(2)
  await user.click(root.querySelector('.row') as Element)
  await waitFor(() => expect(find('.message.found')?.textContent).toContain('on the ground floor'))
})

test('what is on the page is found in the chat itself', async () => {
  const { user } = await searching('park')
  await waitFor(() => expect(marks()).toEqual(['park']))
  await user.click(root.querySelector('.row') as Element)
  await waitFor(() => expect(find('.transcript .message.found')?.textContent).toContain('Where can I park?'))
})

test('nothing found is said, and an empty field brings the list back', async () => {
  const { user } = await searching('helicopter')
  await waitFor(() => inPanel().getByText('0 messages found'))
  expect(root.querySelectorAll('.row')).toHaveLength(0)
  await user.type(inPanel().getByRole('searchbox'), '{Backspace>10/}')
  await waitFor(() => expect(root.querySelectorAll('.row')).toHaveLength(2))
})

test('what is looked for stays on the page', async () => {
  const { requests } = await searching('cafe')
  await waitFor(() => expect(marks()).toHaveLength(2))
  expect(JSON.stringify(requests)).not.toContain('cafe')
  expect(JSON.stringify(localStorage) + JSON.stringify(sessionStorage)).not.toContain('cafe')
})
