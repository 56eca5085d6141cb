import { act, waitFor } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import type { WireMessage } from './generated/wire'
import { drawsTheWidget, inPanel, opened, root } from './testing/drawn-widget'
import { type FakeRequest, latestSocket, sessionStarted, stored } from './testing/fake-server'

drawsTheWidget()

const answer = (seq: number, changes: Partial<WireMessage> = {}): WireMessage => ({
  ...stored(seq, 'assistant', 'From 10 to 8.'),
  inReplyTo: `m${seq - 1}`,
  ...changes,
})

async function answered(messages: WireMessage[] = [stored(1, 'user', 'When?'), answer(2)]) {
  const drawn = await opened(({ path }: FakeRequest) => {
    if (path.endsWith('/session/init'))
      return { status: 201, json: sessionStarted({ lastSeq: messages.length }) }
    if (path.includes('/messages')) return { json: { messages } }
  })
  await waitFor(() => inPanel().getAllByText('From 10 to 8.'))
  return drawn
}

const button = (name: string) => inPanel().getByRole('button', { name })
const pressed = (name: string) => button(name).getAttribute('aria-pressed')
const group = () => inPanel().findByRole('group', { name: 'Was this answer helpful?' })

test('an answer is rated with one press, and the rating taken back with another', async () => {
  const { user, socket } = await answered()
  await group()
  await user.click(button('Helpful'))
  expect(pressed('Helpful')).toBe('true')
  await user.click(button('Helpful'))
  expect([pressed('Helpful'), pressed('Not helpful')]).toEqual(['false', 'false'])
  await user.click(button('Not helpful'))
  expect(socket.frames('feedback')).toEqual([
    { type: 'feedback', messageId: 'm2', rating: 'up' },
    { type: 'feedback', messageId: 'm2', rating: null },
    { type: 'feedback', messageId: 'm2', rating: 'down' },
  ])
})

test('who says that it did not help can say why, or not', async () => {
  const { user, socket } = await answered()
  await group()
  await user.click(button('Not helpful'))
  inPanel().getByText('Thank you for telling us. Below you can say why.')
  const why = inPanel().getByLabelText(/What was wrong or missing/)
  await user.type(why, ' The number to call ')
  // The hospital's own word for sending is on the button of the chat.
  await user.click(inPanel().getAllByRole('button', { name: 'Send' })[0] as HTMLElement)
  expect(socket.frames('feedback').at(-1)).toEqual({
    type: 'feedback',
    messageId: 'm2',
    rating: 'down',
    comment: 'The number to call',
  })
  expect(inPanel().queryByLabelText(/What was wrong/)).toBeNull()
  expect(root.activeElement).toBe(button('Not helpful'))
  await user.click(button('Not helpful'))
  await user.click(button('Not helpful'))
  await user.click(button('Skip'))
  expect(inPanel().queryByLabelText(/What was wrong/)).toBeNull()
  expect(pressed('Not helpful')).toBe('true')
})

test('the rating is there again after a reload, and goes when the server does not take it', async () => {
  const { user, socket } = await answered([stored(1, 'user', 'When?'), answer(2, { rating: 'up' })])
  await group()
  expect(pressed('Helpful')).toBe('true')
  await user.click(button('Not helpful'))
  await act(async () =>
    socket.push({
      type: 'error',
      code: 'NOT_ALLOWED',
      message: 'no',
      messageId: 'm2',
      retryable: false,
    }),
  )
  expect([pressed('Helpful'), pressed('Not helpful')]).toEqual(['false', 'false'])
  expect(inPanel().queryByText(/went wrong with the answer/)).toBeNull()
})

test('without a connection a rating waits, says so, and is sent once', async () => {
  const { user, socket } = await answered()
  await group()
  await act(async () => socket.drop())
  await user.click(button('Helpful'))
  await user.click(button('Not helpful'))
  inPanel().getByText('Will be sent when the connection is back')
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true })
  await act(async () => void dispatchEvent(new Event('online')))
  await waitFor(() => expect(latestSocket()).not.toBe(socket), { timeout: 5000 })
  await act(async () => latestSocket().accept(2))
  vi.useRealTimers()
  await waitFor(() =>
    expect(latestSocket().frames('feedback')).toEqual([
      { type: 'feedback', messageId: 'm2', rating: 'down' },
    ]),
  )
  expect(inPanel().queryByText('Will be sent when the connection is back')).toBeNull()
})

test('only answers that are finished have the buttons', async () => {
  const { socket } = await answered([
    stored(1, 'user', 'When?'),
    answer(2),
    { ...stored(3, 'system', 'Call 911.'), inReplyTo: 'm1' },
    stored(4, 'user', 'And where?'),
  ])
  await group()
  await act(async () => socket.push({ type: 'token', messageId: 'm5', delta: 'In the', offset: 0 }))
  inPanel().getByText('In the')
  expect(inPanel().getAllByRole('group', { name: 'Was this answer helpful?' })).toHaveLength(1)
  await act(async () => socket.push({ type: 'message', ...answer(5, { inReplyTo: 'm4' }) }))
  await waitFor(() =>
    expect(inPanel().getAllByRole('group', { name: 'Was this answer helpful?' })).toHaveLength(2),
  )
})
