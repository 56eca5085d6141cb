import { act, waitFor } from '@testing-library/react'
import { describe, expect, test } from 'vitest'
import { drawsTheWidget, find, inPanel, KEY, launcher, opened, root, run } from './testing/drawn-widget'
import { type FakeRequest, latestSocket, stored } from './testing/fake-server'

drawsTheWidget()

describe('other views', () => {
  const withEarlier = ({ path, token }: FakeRequest) => {
    if (path === '/v1/sessions') {
      const sessionId = token === 'old-token' ? 'sess_0' : 'sess_1'
      const time = '2026-01-01T10:00:00.000Z'
      return { json: { sessions: [{ sessionId, createdAt: time, lastActiveAt: time, messageCount: 2 }] } }
    }
    if (path.startsWith('/v1/sessions/sess_0/messages'))
      return { json: { messages: [stored(1, 'user', 'An old question')] } }
    if (path.startsWith('/v1/sessions/sess_1/messages')) return 'unreachable'
    return undefined
  }

  test('history opens an earlier conversation, and the way back leads to the chat', async () => {
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
    const { user } = await opened(withEarlier)
    await user.click(inPanel().getByRole('button', { name: 'Your conversations' }))
    await waitFor(() => expect(inPanel().getAllByText(/2 messages/)).toHaveLength(2))
    expect([...root.querySelectorAll('.row-title')].map(({ textContent }) => textContent)).toEqual([
      'Conversation',
      'An old question',
    ])
    expect(root.activeElement?.textContent).toBe('Your conversations')
    await user.click(inPanel().getAllByRole('listitem')[1]?.querySelector('button') as Element)
    await waitFor(() => inPanel().getByText('An old question'))
    await user.click(inPanel().getByRole('button', { name: 'Back to chat' }))
    await user.click(inPanel().getByRole('button', { name: 'Back to chat' }))
    expect(root.activeElement).toBe(find('textarea'))
  })

  test('settings change size and scheme at once, and are kept', async () => {
    const { user } = await opened()
    await run('open', 'settings')
    await waitFor(() => inPanel().getByLabelText('Largest'))
    await user.click(inPanel().getByLabelText('Largest'))
    await user.click(inPanel().getByLabelText('Dark'))
    const theme = find<HTMLElement>('.theme')
    expect(theme?.dataset.scheme).toBe('dark')
    expect(theme?.style.getPropertyValue('--kz-text')).toBe('1.4')
    expect(JSON.parse(localStorage.getItem(KEY) ?? '')).toMatchObject({
      preferences: { textSize: 1.4, colorScheme: 'dark' },
    })
  })

  test('end and erase asks first, and clears the device', async () => {
    const { user, requests } = await opened(({ path }) => (path.endsWith('/end') ? { json: {} } : undefined))
    await run('open', 'settings')
    await waitFor(() => inPanel().getByRole('button', { name: 'End and erase' }))
    await user.click(inPanel().getByRole('button', { name: 'End and erase' }))
    expect(requests.some(({ path }) => path.endsWith('/end'))).toBe(false)
    await user.click(inPanel().getByRole('button', { name: 'Erase' }))
    await waitFor(() => inPanel().getByText('This conversation has ended'))
    expect([localStorage.length, sessionStorage.length]).toEqual([0, 0])
    expect(root.activeElement).toBe(inPanel().getByRole('button', { name: 'Start a new conversation' }))
  })

  test('says so when the hospital has to keep a copy for now', async () => {
    const { user } = await opened(({ path }) =>
      path.endsWith('/end') ? { json: { erased: false, erasureDeferred: true } } : undefined,
    )
    await run('open', 'settings')
    await waitFor(() => inPanel().getByRole('button', { name: 'End and erase' }))
    await user.click(inPanel().getByRole('button', { name: 'End and erase' }))
    await user.click(inPanel().getByRole('button', { name: 'Erase' }))
    await waitFor(() => inPanel().getByText(/has to keep a copy for now/))
    expect([localStorage.length, sessionStorage.length]).toEqual([0, 0])
    const close = inPanel().getByRole('button', { name: 'Close' })
    expect(root.activeElement).toBe(close)
    await user.click(close)
    await waitFor(() => inPanel().getByText('This conversation has ended'))
  })

  test('while the hospital cannot be reached nothing is erased, unless on this device only', async () => {
    const { user } = await opened(({ path }) => (path.endsWith('/end') ? 'unreachable' : undefined))
    await run('open', 'settings')
    await waitFor(() => inPanel().getByRole('button', { name: 'End and erase' }))
    await user.click(inPanel().getByRole('button', { name: 'End and erase' }))
    await user.click(inPanel().getByRole('button', { name: 'Erase' }))
    await waitFor(() => inPanel().getByText(/nothing was erased/))
    expect(JSON.parse(localStorage.getItem(KEY) ?? '').current).toBeTruthy()
    await user.click(inPanel().getByRole('button', { name: 'Forget on this device only' }))
    expect(localStorage.getItem(KEY)).toBeNull()
  })

  test('endSession leaves nothing on the device, also when the panel is closed and opened again', async () => {
    const { socket, user } = await opened(({ path }) => (path.endsWith('/end') ? { json: {} } : undefined))
    await run('open', 'settings')
    await waitFor(() => inPanel().getByLabelText('Largest'))
    await user.click(inPanel().getByLabelText('Largest'))
    await run('hide')
    await act(async () => socket.push({ type: 'message', ...stored(1, 'assistant', 'Hello') }))
    await run('endSession')
    expect(launcher.dataset.unread).toBeUndefined()
    await run('open', 'chat')
    expect(find<HTMLElement>('.theme')?.style.getPropertyValue('--kz-text')).toBe('1')
    expect([localStorage.length, sessionStorage.length]).toEqual([0, 0])
    await user.click(inPanel().getByRole('button', { name: 'Start a new conversation' }))
    await act(async () => latestSocket().accept())
    expect(find('textarea')).toBeTruthy()
    expect(JSON.parse(localStorage.getItem(KEY) ?? '').current.sessionId).toBe('sess_1')
    expect(sessionStorage.getItem(KEY)).toBe('1')
  })

  test('what another tab erased is gone in this one, too', async () => {
    await opened()
    const { current, ...written } = JSON.parse(localStorage.getItem(KEY) ?? '')
    expect(current).toBeTruthy()
    // This tab wrote once more while the other one erased.
    localStorage.setItem(KEY, JSON.stringify(written))
    await act(async () => dispatchEvent(new StorageEvent('storage', { key: KEY, newValue: null })))
    expect(inPanel().getByText('This conversation has ended')).toBeTruthy()
    expect([localStorage.length, sessionStorage.length]).toEqual([0, 0])
  })
})
