import { act, waitFor, within } from '@testing-library/react'
import { describe, expect, test } from 'vitest'
import {
  call,
  drawsTheWidget,
  emitted,
  find,
  inPanel,
  KEY,
  opened,
  panel,
  root,
  run,
} from './testing/drawn-widget'
import { latestSocket } from './testing/fake-server'
import { refuseToStore } from './testing/storage'

drawsTheWidget()

describe('a message that is not sent yet', () => {
  const messages = () => within(inPanel().getByRole('log'))
  const announced = () => find('.sr-only[role=status]')?.textContent
  const offlineText = 'Will be sent when the connection is back'

  test('says where it is, to eyes and ears, until the server has it', async () => {
    const { socket, user } = await opened()
    await act(async () => socket.drop())
    await user.type(find('textarea') as Element, 'Hello?{Enter}')
    const delivery = messages().getByText(offlineText).parentElement as HTMLElement
    expect(delivery.querySelector('svg')).toBeTruthy()
    expect(announced()).toBe(offlineText)
    await act(async () => window.dispatchEvent(new Event('online')))
    await waitFor(() => expect(latestSocket()).not.toBe(socket), { timeout: 3000 })
    await act(async () => latestSocket().accept())
    const messageId = latestSocket().frames('user_message')[0]?.messageId as string
    expect(messages().getByText('Sending…')).toBeTruthy()
    await act(async () => latestSocket().push({ type: 'ack', messageId, seq: 1 }))
    expect(messages().getByText(/^Sent/)).toBeTruthy()
    expect(localStorage.length).toBe(1)
  })

  test('tells of being offline in words, and goes back to the usual ones', async () => {
    const { socket } = await opened()
    await act(async () => window.dispatchEvent(new Event('offline')))
    expect(
      inPanel()
        .getByText(/You are offline/)
        .closest('[role=status]'),
    ).toBeTruthy()
    await act(async () => socket.push({ type: 'pong' }))
    expect(inPanel().queryByText(/You are offline/)).toBeNull()
  })

  test('that the server refuses says why, and can be sent again or made a draft again', async () => {
    const { socket, user } = await opened()
    await user.type(find('textarea') as Element, 'Hello?{Enter}')
    const messageId = socket.frames('user_message')[0]?.messageId as string
    const refuse = (retryable: boolean) =>
      act(async () => socket.push({ type: 'error', code: 'INTERNAL', message: 'x', messageId, retryable }))
    await refuse(true)
    expect(messages().getByText('Not sent yet. Trying again…')).toBeTruthy()
    await refuse(false)
    expect(announced()).toBe('This message could not be accepted.')
    expect(inPanel().queryByRole('button', { name: 'Try again' })).toBeNull()

    await user.type(find('textarea') as Element, 'Are you there?')
    await user.click(inPanel().getByRole('button', { name: 'Edit' }))
    expect(find<HTMLTextAreaElement>('textarea')?.value).toBe('Are you there?\n\nHello?')
    expect(root.activeElement).toBe(find('textarea'))
    expect(messages().queryByText('This message could not be accepted.')).toBeNull()
  })

  test('that failed is sent again by hand, under its own id', async () => {
    const failed = {
      messageId: 'msg_1',
      content: 'Hello?',
      createdAt: '2026-01-01T10:00:00.000Z',
      failure: { code: 'INTERNAL', retryable: true },
    }
    localStorage.setItem(`${KEY}#msg_1`, JSON.stringify(failed))
    const { socket, user } = await opened()
    expect(socket.frames('user_message')).toEqual([])
    expect(messages().getByText('Not sent')).toBeTruthy()
    await user.click(inPanel().getByRole('button', { name: 'Try again' }))
    expect(socket.frames('user_message')).toMatchObject([{ messageId: 'msg_1', content: 'Hello?' }])
  })

  test.each([
    ['AI_TIMEOUT', 'The answer took too long.'],
    ['AI_ERROR', 'Something went wrong with the answer.'],
  ] as const)('an answer that failed with %s says so', async (code, text) => {
    const { socket, user } = await opened()
    await user.type(find('textarea') as Element, 'Hello?{Enter}')
    const messageId = socket.frames('user_message')[0]?.messageId as string
    await act(async () =>
      socket.push(
        { type: 'ack', messageId, seq: 1 },
        { type: 'error', code, message: 'internal words', messageId, retryable: true },
      ),
    )
    expect(messages().getByText(text)).toBeTruthy()
    expect(announced()).toBe(text)
    expect(panel().textContent).not.toContain('internal words')
    expect(inPanel().getByRole('button', { name: 'Ask again' })).toBeTruthy()
  })

  test('there can be too many: the next one stays in the composer, which says why', async () => {
    const { socket, user } = await opened()
    await act(async () => socket.drop())
    for (let count = 0; count < 10; count += 1)
      await user.type(find('textarea') as Element, `${count}{Enter}`)
    await user.type(find('textarea') as Element, 'eleven{Enter}')
    expect(find<HTMLTextAreaElement>('textarea')?.value).toBe('eleven')
    expect(inPanel().getByText(/have to be sent before there can be more/)).toBeTruthy()
    await run('sendMessage', 'twelve')
    expect(emitted).toContainEqual(['error', { code: 'UNAVAILABLE', message: 'this cannot be sent now' }])
  })

  test('appears where another tab wrote it, and what is written here outlives a reload of this one', async () => {
    const { user } = await opened()
    const message = {
      messageId: 'msg_1',
      sessionId: 'sess_1',
      content: 'From the other tab',
      createdAt: '2026-01-01T10:00:00.000Z',
    }
    const newValue = JSON.stringify(message)
    localStorage.setItem(`${KEY}#msg_1`, newValue)
    await act(async () =>
      window.dispatchEvent(new StorageEvent('storage', { key: `${KEY}#msg_1`, newValue })),
    )
    expect(messages().getByText('From the other tab')).toBeTruthy()

    await user.type(find('textarea') as Element, 'A draft')
    await act(async () => call('shutdown', []))
    await opened()
    expect(find<HTMLTextAreaElement>('textarea')?.value).toBe('A draft')
  })
})

describe('where nothing can be stored', () => {
  test('says once what is lost, and works', async () => {
    refuseToStore('QuotaExceededError')
    const { socket, user } = await opened()
    expect(inPanel().getByText('Your conversation will not be kept when you leave this page.')).toBeTruthy()
    await user.click(inPanel().getByRole('button', { name: 'OK' }))
    await user.type(find('textarea') as Element, 'Hello?{Enter}')
    expect(socket.frames('user_message')).toMatchObject([{ content: 'Hello?' }])
    expect(find('.banner')).toBeNull()
  })
})
