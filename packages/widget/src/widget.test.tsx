import { act, fireEvent } from '@testing-library/react'
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
import { installFakeServer, latestSocket, sessionStarted, stored } from './testing/fake-server'

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

  test('a page that is put aside lets its connection go, and has one again when it is shown', async () => {
    const { socket } = await opened()
    await act(async () => dispatchEvent(new Event('pagehide')))
    expect(socket.readyState).toBe(3)
    await act(async () => dispatchEvent(new Event('pageshow')))
    expect(latestSocket()).not.toBe(socket)
    await act(async () => latestSocket().accept())
    expect(inPanel().getByText('Online')).toBeTruthy()
  })

  test('a page that is put aside before anybody opened the widget asks for nothing when it is shown', async () => {
    const { requests } = installFakeServer()
    put()
    await act(async () => dispatchEvent(new Event('pagehide')))
    await act(async () => dispatchEvent(new Event('pageshow')))
    expect(requests).toEqual([])
  })

  test('shutdown leaves nothing behind', async () => {
    await opened()
    await act(async () => call('shutdown', []))
    expect(root.querySelector('.widget')).toBeNull()
    expect(latestSocket().readyState).toBe(3)
    await act(async () => put())
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
