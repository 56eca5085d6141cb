import { act } from '@testing-library/react'
import { expect, test } from 'vitest'
import type { WireMessage } from './generated/wire'
import { call, drawsTheWidget, inPanel, opened } from './testing/drawn-widget'
import { type FakeRequest, sessionStarted, stored } from './testing/fake-server'

drawsTheWidget()

const numbers = [
  { number: '911', name: '' },
  { number: '1-800-222-1222', name: 'Poison Control' },
]
const content = 'This may be an emergency. Call 911 now.'
const createdAt = '2026-01-01T10:00:02.000Z'
const notice = (seq: number) => ({
  type: 'notice' as const,
  code: 'EMERGENCY' as const,
  content,
  numbers,
  seq,
  ...(seq > 0 && { messageId: `m${seq}`, createdAt }),
})
const kept: WireMessage = {
  ...stored(2, 'system', content),
  notice: { code: 'EMERGENCY', numbers },
}

const pinned = () => inPanel().queryByRole('region', { name: 'In an emergency' })
const alerts = () => inPanel().queryAllByRole('alert')
const resumed = ({ path }: FakeRequest) => {
  if (path.endsWith('/session/init')) return { status: 201, json: sessionStarted({ lastSeq: 2 }) }
  if (path.includes('/messages')) return { json: { messages: [stored(1, 'user', 'Help'), kept] } }
}

test('a notice is pinned with links to call, and said once', async () => {
  const { socket } = await opened()
  expect(pinned()).toBeNull()
  act(() => socket.push(notice(1)))
  expect(alerts().map(({ textContent }) => textContent)).toEqual([content])
  const links = inPanel().getAllByRole('link', { name: /^Call/ })
  expect(links.map((link) => link.getAttribute('href'))).toEqual(['tel:911', 'tel:18002221222'])
  expect(inPanel().queryByText(`Assistant: ${content}`)).toBeNull()
})

test('one that could not be stored yet is shown, and the stored one takes its place', async () => {
  const { socket } = await opened()
  act(() => socket.push(notice(0)))
  expect(alerts()).toHaveLength(1)
  act(() => socket.push(notice(1)))
  expect(alerts()).toHaveLength(1)
  expect(inPanel().getAllByText(content)).toHaveLength(2)
})

test('it is there when the conversation is taken up again, until it is put away for good', async () => {
  const { user } = await opened(resumed)
  await inPanel().findByRole('alert')
  await user.click(inPanel().getByRole('button', { name: 'Put this notice away' }))
  expect(pinned()).toBeNull()
  act(() => call('shutdown', []))
  await opened(resumed)
  await inPanel().findByText(content)
  expect(pinned()).toBeNull()
})

test('that an AI answers is no alarm, and is said until and after the first word', async () => {
  const { socket, user } = await opened()
  act(() =>
    socket.push({ type: 'notice', code: 'AI_DISCLOSURE', content: 'You are chatting with an AI.', seq: 0 }),
  )
  expect(pinned()).toBeNull()
  inPanel().getByText('You are chatting with an AI assistant, not a person.')
  await user.type(inPanel().getByRole('textbox'), 'Hello{Enter}')
  inPanel().getByText(/AI assistant\. Not for emergencies/)
  expect(inPanel().getByText(/To talk with a person/).textContent).toContain('555 0100')
})
