import { act, fireEvent, waitFor } from '@testing-library/react'
import { describe, expect, test, vi } from 'vitest'
import { call, drawsTheWidget, find, inPanel, KEY, opened, put, run } from './testing/drawn-widget'
import { installFakeServer, sessionStarted, stored } from './testing/fake-server'

drawsTheWidget()

describe('before the server has answered', () => {
  const hanging = () => {
    installFakeServer()
    vi.stubGlobal('fetch', () => new Promise(() => {}))
  }

  test('wears the colour that the page gave, and says what the field is for', async () => {
    hanging()
    put({ primaryColor: '#0b6b70' })
    await run('show')
    expect(find<HTMLElement>('.theme')?.style.getPropertyValue('--kz-fill')).toBe('#0b6b70')
    expect(find<HTMLTextAreaElement>('textarea')?.placeholder).toBe('Your message')
  })

  test('speaks of no connection coming back where there was none', async () => {
    hanging()
    put()
    await run('show')
    await run('sendMessage', 'Hello?')
    expect(inPanel().getByRole('log').textContent).toContain('Will be sent once connected')
    expect(find('.sr-only[role=status]')?.textContent).toBe('Will be sent once connected')
  })

  test.each([
    ['that writing is possible', undefined, /You can write already/],
    [
      'that what was said comes back',
      { sessionId: 'sess_1', token: 'token-1', expiresAt: '2099-01-01', startedAt: '2026-01-01' },
      /What was said so far appears/,
    ],
  ])('while it cannot be reached, says %s', async (_, current, text) => {
    localStorage.setItem(KEY, JSON.stringify({ current }))
    installFakeServer(() => 'unreachable')
    put()
    await run('show')
    await waitFor(() => inPanel().getByText(text))
  })
})

describe('the conversation', () => {
  test('invites a first question, and sends a suggested one', async () => {
    const { socket, user } = await opened()
    expect(inPanel().getByText('Welcome!')).toBeTruthy()
    await user.click(inPanel().getByRole('button', { name: 'Where can I park?' }))
    expect(socket.frames('user_message')).toMatchObject([{ content: 'Where can I park?' }])
    expect(inPanel().queryByRole('button', { name: 'Where can I park?' })).toBeNull()
  })

  test('goes from typing to a spoken answer with its sources', async () => {
    const { socket, user } = await opened()
    await user.type(find('textarea') as Element, 'Visiting hours?{Enter}')
    expect(find<HTMLTextAreaElement>('textarea')?.value).toBe('')
    const messageId = socket.frames('user_message')[0]?.messageId as string
    expect(inPanel().getByText('Sending…')).toBeTruthy()

    await act(async () =>
      socket.push({ type: 'ack', messageId, seq: 1 }, { type: 'status', status: 'typing' }),
    )
    expect(find('.typing')).toBeTruthy()
    await act(async () => socket.push({ type: 'token', messageId: 'm2', delta: 'From **ten', offset: 0 }))
    expect(find('.typing')).toBeNull()
    expect(inPanel().getByRole('log').textContent).toContain('From **ten')
    expect(find('.sr-only[role=status]')?.textContent).toBe('')

    const citations = [
      {
        articleId: 'art_1',
        title: 'Visiting',
        section: 'Wards',
        url: '/demo/articles/visiting',
        anchor: ':~:text=Wards',
      },
    ]
    await act(async () =>
      socket.push(
        { type: 'message', ...stored(2, 'assistant', 'From **ten**.'), inReplyTo: messageId, citations },
        { type: 'status', status: 'idle' },
      ),
    )
    expect(find('.sr-only[role=status]')?.textContent).toBe('Assistant: From ten.')
    const source = inPanel().getByRole('link', { name: /Visiting/ })
    expect(source.getAttribute('href')).toBe('https://api.test/demo/articles/visiting#:~:text=Wards')
    expect(source.textContent).toContain('Wards')
    expect(source.getAttribute('rel')).toBe('noopener noreferrer')
  })

  test('a source with an address that is not one is text, not a link', async () => {
    const { socket } = await opened()
    const citations = [{ articleId: 'art_1', title: 'Bad', url: 'javascript:alert(1)' }]
    await act(async () => socket.push({ type: 'message', ...stored(1, 'assistant', 'x'), citations }))
    expect(inPanel().getByText('Bad').closest('a')).toBeNull()
  })

  test('shows what a visitor typed as typed', async () => {
    const { socket } = await opened()
    await act(async () => socket.push({ type: 'message', ...stored(1, 'user', '**not** <b>formatted</b>') }))
    expect(inPanel().getByText('**not** <b>formatted</b>')).toBeTruthy()
  })

  test('Shift+Enter and an input method at work do not send', async () => {
    const { socket, user } = await opened()
    await user.type(find('textarea') as Element, 'one{Shift>}{Enter}{/Shift}two')
    fireEvent.keyDown(find('textarea') as Element, { key: 'Enter', isComposing: true })
    expect(socket.frames('user_message')).toEqual([])
    await user.type(find('textarea') as Element, '{Enter}')
    expect(socket.frames('user_message')).toMatchObject([{ content: 'one\ntwo' }])
  })

  test('blank messages go nowhere, and one that is too long says so', async () => {
    const { socket, user } = await opened()
    await user.type(find('textarea') as Element, '   {Enter}')
    fireEvent.input(find('textarea') as Element, { target: { value: 'x'.repeat(8001) } })
    expect(inPanel().getByText(/too long/)).toBeTruthy()
    expect((inPanel().getByRole('button', { name: 'Send' }) as HTMLButtonElement).disabled).toBe(true)
    await user.type(find('textarea') as Element, '{Enter}')
    expect(socket.frames('user_message')).toEqual([])
  })

  test('an answer can be stopped while it comes', async () => {
    const { socket, user } = await opened()
    await user.type(find('textarea') as Element, 'Everything{Enter}')
    const messageId = socket.frames('user_message')[0]?.messageId as string
    await act(async () =>
      socket.push({ type: 'ack', messageId, seq: 1 }, { type: 'status', status: 'typing' }),
    )
    await user.click(inPanel().getByRole('button', { name: 'Stop the answer' }))
    expect(socket.frames('cancel')).toMatchObject([{ messageId }])
    await act(async () =>
      socket.push(
        {
          type: 'message',
          ...stored(2, 'assistant', 'So far'),
          inReplyTo: messageId,
          metadata: { stopped: true },
        },
        { type: 'status', status: 'idle' },
      ),
    )
    expect(inPanel().getByText('You stopped this answer.')).toBeTruthy()
  })

  test('a question without an answer can be asked again', async () => {
    const { socket, user } = await opened()
    await user.type(find('textarea') as Element, 'Hello{Enter}')
    const messageId = socket.frames('user_message')[0]?.messageId as string
    await act(async () =>
      socket.push(
        { type: 'ack', messageId, seq: 1 },
        { type: 'error', code: 'AI_ERROR', message: 'internal', messageId, retryable: true },
      ),
    )
    await user.click(inPanel().getByRole('button', { name: 'Ask again' }))
    expect(socket.frames('user_message')).toHaveLength(2)
  })

  test('says that the connection is gone', async () => {
    const { socket } = await opened()
    await act(async () => socket.drop())
    expect(inPanel().getByText(/No connection/)).toBeTruthy()
    expect(inPanel().queryByText('Online')).toBeNull()
  })

  test('a short greeting is a headline, a long one the first message', async () => {
    await opened()
    expect(inPanel().getByRole('heading', { name: 'Welcome!' })).toBeTruthy()
    await act(async () => call('shutdown', []))
    const welcomeMessage = 'Hello, and welcome. Ask me about visiting, appointments, bills or anything else.'
    await opened(() => ({
      json: sessionStarted({ uiHints: { ...sessionStarted().uiHints, welcomeMessage } }),
    }))
    expect(inPanel().getByText(welcomeMessage).closest('.bubble')).toBeTruthy()
  })

  test('always says what to do in an emergency', async () => {
    await opened()
    expect(inPanel().getByRole('link', { name: '911' }).getAttribute('href')).toBe('tel:911')
  })
})
