import { act, waitFor } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { drawsTheWidget, find, inPanel, opened, root } from './testing/drawn-widget'
import { stored } from './testing/fake-server'

drawsTheWidget()

const announced = () => find('.panel > .sr-only[role=status]')?.textContent

async function answered(changes: object = {}) {
  const here = await opened()
  await act(async () =>
    here.socket.push(
      { type: 'message', ...stored(1, 'user', 'When?') },
      { type: 'message', ...stored(2, 'assistant', 'From **ten** to [six](https://a.test).'), ...changes },
    ),
  )
  return here
}

test('an answer is copied as it is read, and its button says so', async () => {
  const writeText = vi.fn(async (_: string) => {})
  const { user } = await answered()
  vi.spyOn(navigator, 'clipboard', 'get').mockReturnValue({ writeText } as never)
  await user.click(inPanel().getByRole('button', { name: 'Copy' }))
  expect(writeText).toHaveBeenCalledWith('From ten to six.')
  await waitFor(() => expect(announced()).toBe('Copied.'))
})

test('where a page forbids copying, the visitor is told', async () => {
  const { user } = await answered()
  vi.spyOn(navigator, 'clipboard', 'get').mockReturnValue(undefined as never)
  await user.click(inPanel().getByRole('button', { name: 'Copy' }))
  await waitFor(() => expect(announced()).toBe('This could not be copied.'))
})

test('a source shows the words that the answer rests on, and hides them again', async () => {
  const { user } = await answered({
    citations: [
      { articleId: 'art_1', title: 'Visiting', snippet: 'Visitors are welcome.', url: 'https://h.test/v' },
      { articleId: 'art_2', title: 'Parking' },
    ],
  })
  const button = inPanel().getByRole('button', { name: 'Show the passage from Visiting' })
  // There is nothing to show of the other.
  expect(root.querySelectorAll('.source-more')).toHaveLength(1)
  const passage = root.getElementById(button.getAttribute('aria-controls') ?? '')
  expect(passage?.hidden).toBe(true)
  await user.click(button)
  expect([passage?.hidden, passage?.textContent]).toEqual([false, 'Visitors are welcome.'])
  expect(button.getAttribute('aria-expanded')).toBe('true')
  await user.click(button)
  expect(passage?.hidden).toBe(true)
})

test('what a person has read of the visitor’s is marked, and nothing later', async () => {
  const { socket } = await opened()
  await act(async () =>
    socket.push(
      { type: 'message', ...stored(1, 'user', 'One') },
      { type: 'message', ...stored(2, 'agent', 'Yes?') },
      { type: 'message', ...stored(3, 'user', 'Two') },
      { type: 'read', messageId: 'm1', by: 'agent' },
    ),
  )
  const marks = [...root.querySelectorAll('.message-user .meta .sr-only')].map(
    ({ textContent }) => textContent,
  )
  expect(marks).toEqual(['Read, ', 'Sent, '])
})

test('says to whoever answers what the visitor saw, and nothing of what they write', async () => {
  const { socket, user } = await answered()
  await user.type(inPanel().getByRole('textbox'), 'secret')
  expect(socket.frames('typing')).toEqual([])
  expect(socket.frames('read')).toEqual([{ type: 'read', messageId: 'm2' }])
  expect(JSON.stringify(socket.received)).not.toContain('secret')
})
