import { act, fireEvent, waitFor, within } from '@testing-library/react'
import { describe, expect, test, vi } from 'vitest'
import {
  call,
  drawsTheWidget,
  emitted,
  eventNames,
  find,
  inPanel,
  KEY,
  launcher,
  opened,
  panel,
  put,
  root,
  run,
} from './testing/drawn-widget'
import {
  type FakeRequest,
  installFakeServer,
  latestSocket,
  sessionStarted,
  stored,
} from './testing/fake-server'
import { refuseToStore } from './testing/storage'

drawsTheWidget()

describe('opening and closing', () => {
  test('asks the server for nothing until it is shown', async () => {
    const { requests } = installFakeServer()
    put()
    expect(requests).toEqual([])
    await run('show')
    expect(requests).toHaveLength(1)
    expect(panel().open).toBe(true)
    expect(eventNames()).toEqual(['show', 'session'])
  })

  test('puts the keyboard into the message, and back on the launcher after Escape', async () => {
    const { user } = await opened()
    expect(root.activeElement).toBe(find('textarea'))
    await user.keyboard('{Escape}')
    expect(panel().open).toBe(false)
    expect(root.activeElement).toBe(launcher)
    expect(launcher.ariaExpanded).toBe('false')
    expect(eventNames()).toContain('hide')
  })

  test('a panel restored on the next page takes no focus', async () => {
    installFakeServer()
    put()
    const field = document.body.appendChild(document.createElement('input'))
    field.focus()
    await run('restore')
    expect(panel().open).toBe(true)
    expect(document.activeElement).toBe(field)
  })

  test('remembers for the next page whether it is open', async () => {
    await opened()
    expect(sessionStorage.getItem(KEY)).toBe('1')
    await run('hide')
    expect(sessionStorage.getItem(KEY)).toBeNull()
  })

  test('keeps what is typed from the page, but for Tab and Escape', async () => {
    await opened()
    const heard: string[] = []
    document.addEventListener('keydown', ({ key }) => heard.push(key))
    const input = find<HTMLTextAreaElement>('textarea') as HTMLTextAreaElement
    for (const key of ['a', '/', 'Tab', 'Enter']) fireEvent.keyDown(input, { key, composed: true })
    fireEvent.keyDown(input, { key: 'Escape', composed: true })
    expect(heard).toEqual(['Tab', 'Escape'])
  })

  test('shutdown leaves nothing behind', async () => {
    await opened()
    await act(async () => call('shutdown', []))
    expect(root.querySelector('.widget')).toBeNull()
    expect(latestSocket().readyState).toBe(3)
    await act(async () => put())
  })
})

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
      { articleId: 'art_1', title: 'Visiting', section: 'Wards', url: '/demo/articles/visiting' },
    ]
    await act(async () =>
      socket.push(
        { type: 'message', ...stored(2, 'assistant', 'From **ten**.'), inReplyTo: messageId, citations },
        { type: 'status', status: 'idle' },
      ),
    )
    expect(find('.sr-only[role=status]')?.textContent).toBe('Assistant: From ten.')
    const source = inPanel().getByRole('link', { name: /Visiting/ })
    expect(source.getAttribute('href')).toBe('https://api.test/demo/articles/visiting')
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

describe('while it is closed', () => {
  test('counts what comes, for the launcher and for the page', async () => {
    const { socket } = await opened()
    await run('hide')
    await act(async () => socket.push({ type: 'message', ...stored(1, 'assistant', 'Private words') }))
    expect(launcher.dataset.unread).toBe('1')
    expect(launcher.ariaLabel).toBe('Open chat, 1 unread')
    expect(emitted).toContainEqual(['unread', { count: 1 }])
    await run('show')
    expect(launcher.dataset.unread).toBeUndefined()
    expect(emitted).toContainEqual(['unread', { count: 0 }])
    expect(JSON.stringify(emitted)).not.toContain('Private')
  })
})

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

describe('what the page may ask for', () => {
  test('sendMessage, before the panel was ever open', async () => {
    installFakeServer()
    put()
    await run('sendMessage', 'From the page')
    await act(async () => latestSocket().accept())
    expect(latestSocket().frames('user_message')).toMatchObject([{ content: 'From the page' }])
  })

  test.each([[42], [''], [undefined], ['x'.repeat(8001)]])(
    'sendMessage(%j…) is an error event',
    async (text) => {
      installFakeServer()
      put()
      await run('sendMessage', text)
      expect(emitted).toMatchObject([['error', { code: 'INVALID_MESSAGE' }]])
    },
  )

  test('sendMessage after the conversation has ended is an error event', async () => {
    const { socket } = await opened()
    await act(async () => socket.drop(4008))
    await run('sendMessage', 'Too late')
    expect(emitted.at(-1)).toMatchObject(['error', { code: 'UNAVAILABLE' }])
  })

  test('voice is politely not there', async () => {
    const error = vi.spyOn(console, 'error')
    installFakeServer()
    put()
    await run('startVoice')
    expect(emitted).toMatchObject([['error', { code: 'VOICE_UNAVAILABLE' }]])
    expect(error).not.toHaveBeenCalled()
  })

  test('setLocale goes to the server with the next session', async () => {
    const { requests } = installFakeServer()
    put({ locale: 'en-GB' })
    await run('setLocale', 'de-DE')
    await run('show')
    expect(requests[0]?.body).toMatchObject({ locale: 'de-DE' })
  })

  test('text of messages only when it was asked for', async () => {
    installFakeServer()
    put({ includeContent: true })
    await run('show')
    await act(async () => latestSocket().accept())
    await act(async () => latestSocket().push({ type: 'message', ...stored(1, 'assistant', 'Words') }))
    expect(emitted).toContainEqual([
      'message',
      expect.objectContaining({ content: 'Words', role: 'assistant' }),
    ])
  })
})

test('an unknown project is one line for developers and a kind one for visitors', async () => {
  const error = vi.spyOn(console, 'error').mockReturnValue()
  installFakeServer(() => ({ status: 404, json: { code: 'UNKNOWN_PROJECT' } }))
  put()
  await run('show')
  expect(inPanel().getByText('The assistant is not available here')).toBeTruthy()
  expect(find('textarea')).toBeNull()
  // There is nothing behind the others.
  expect(inPanel().getAllByRole('button')).toEqual([inPanel().getByRole('button', { name: 'Close chat' })])
  expect(error.mock.calls).toEqual([['Kuzushi: projectId "project" is not known to https://api.test']])
  expect(emitted).toContainEqual(['error', { code: 'UNKNOWN_PROJECT', message: 'unknown projectId' }])
})

test('opens in the hospital’s own look before the server answers a second visit', async () => {
  await opened(() => ({
    status: 201,
    json: sessionStarted({
      theme: { primaryColor: '#884400', fontScale: 1, radius: '0', colorScheme: 'light' },
    }),
  }))
  await act(async () => call('shutdown', []))
  installFakeServer(() => 'unreachable')
  put()
  await run('show')
  expect(inPanel().getByText('Welcome!')).toBeTruthy()
  expect(find<HTMLElement>('.theme')?.style.getPropertyValue('--kz-fill')).toBe('#884400')
})
