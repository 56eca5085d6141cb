import { act, waitFor } from '@testing-library/react'
import { beforeEach, expect, test, vi } from 'vitest'
import { drawsTheWidget, find, inPanel, KEY, opened, root } from './testing/drawn-widget'
import { type FakeRequest, latestSocket, sessionStarted, sockets } from './testing/fake-server'

drawsTheWidget()

const JANE = { token: 'user-token', expiresAt: '2099-01-01T00:00:00.000Z', name: 'Jane Doe' }
let end: { secondsLeft: number; secondsLeftAtMost: number; idleTimeoutSeconds: number }
let refused: string | undefined

beforeEach(() => {
  end = { secondsLeft: 50, secondsLeftAtMost: 7200, idleTimeoutSeconds: 1800 }
  refused = undefined
  localStorage.setItem(KEY, JSON.stringify({ patient: JANE }))
})

function server({ path, token }: FakeRequest) {
  if (refused && token === 'user-token') return { status: 401, json: { code: refused } }
  if (path === '/v1/auth/stay') end = { ...end, secondsLeft: end.idleTimeoutSeconds }
  if (path === '/v1/auth/stay' || path === '/v1/auth/login') return { json: end }
  if (path === '/v1/auth/logout') return { json: {} }
  if (path.endsWith('/session/init'))
    return {
      status: 201,
      json: sessionStarted({
        features: { textChat: true, voice: false, fileUpload: false, signIn: true, identityRequired: false },
      }),
    }
}

const button = (name: string) => inPanel().getByRole('button', { name })
const kept = () => JSON.parse(localStorage.getItem(KEY) ?? '{}')
const alertText = () => inPanel().queryByRole('alert')?.textContent

test('the warning is spoken once, counts for the eyes only, and staying puts the keyboard back', async () => {
  const { user, requests } = await opened(server)
  await waitFor(() => expect(alertText()).toMatch(/signed out in \d+ seconds/))
  const said = alertText()
  const seen = () => find('.login-notice [aria-hidden]')?.textContent
  const before = seen()
  await waitFor(() => expect(seen()).not.toBe(before), { timeout: 3000 })
  expect(alertText()).toBe(said)
  await user.click(button('Stay signed in'))
  await waitFor(() => expect(inPanel().queryByRole('button', { name: 'Stay signed in' })).toBeNull())
  expect(requests.at(-1)).toMatchObject({ method: 'POST', path: '/v1/auth/stay', token: 'user-token' })
  await waitFor(() => inPanel().getByText('You stay signed in.'))
  expect(root.activeElement?.tagName).toBe('TEXTAREA')
})

test('with the panel closed it is said beside the launcher, which leads to what can be done', async () => {
  const { user } = await opened(server)
  await waitFor(() => button('Stay signed in'))
  expect(find('.launcher-note')).toBeNull()
  await user.click(button('Close chat'))
  const note = await waitFor(() => find('.launcher-note') as HTMLElement)
  expect(note.role).toBe('alert')
  expect(note.textContent).toBe('You will soon be signed out. Open the chat to stay signed in.')
  await user.click(note.querySelector('button') as HTMLButtonElement)
  expect(find('.launcher-note')).toBeNull()
  await user.click(button('Stay signed in'))
  await waitFor(() => expect(inPanel().queryByRole('button', { name: 'Stay signed in' })).toBeNull())
  await user.click(button('Close chat'))
  expect(find('.launcher-note')).toBeNull()
})

test('signing out from the warning leaves nothing behind', async () => {
  const { user } = await opened(server)
  await waitFor(() => button('Stay signed in'))
  await user.click(button('Sign out'))
  await waitFor(() => inPanel().getByText('You are signed out.'))
  expect(kept().patient).toBeUndefined()
  expect(inPanel().queryByRole('button', { name: 'Stay signed in' })).toBeNull()
})

test('nothing can be done about the end for good but to know of it', async () => {
  end = { secondsLeft: 30, secondsLeftAtMost: 30, idleTimeoutSeconds: 1800 }
  await opened(server)
  await waitFor(() => expect(alertText()).toMatch(/Everybody is signed out/))
  expect(inPanel().queryByRole('button', { name: 'Stay signed in' })).toBeNull()
  expect(button('Sign out')).toBeTruthy()
})

test.each([
  ['SIGNED_OUT_IDLE', /nothing was done for a while/],
  ['SIGNED_OUT_EXPIRED', /everybody is after a certain time/],
])('%s: it is said, with nothing of theirs left, and the way back in', async (code, words) => {
  const { user, socket } = await opened(server)
  await waitFor(() => button('Stay signed in'))
  const sessions = sockets.length
  refused = code
  // The server closes what was open when it signs somebody out.
  await act(async () => socket.drop(4008))
  await waitFor(() => expect(alertText()).toMatch(words))
  expect(kept().patient).toBeUndefined()
  await waitFor(() => expect(sockets.length).toBe(sessions + 1))
  await act(async () => latestSocket().accept())
  await user.click(button('Sign in'))
  expect(inPanel().getByLabelText('Password')).toBeTruthy()
  expect(inPanel().queryByText(words)).toBeNull()
})

test('a patient who was signed out by somebody hears what they always heard', async () => {
  const { socket } = await opened(server)
  await waitFor(() => button('Stay signed in'))
  refused = 'INVALID_TOKEN'
  await act(async () => socket.drop(4008))
  await waitFor(() => inPanel().getByText(/If you were signed out, sign in again/))
  expect(inPanel().queryByText(/nothing was done/)).toBeNull()
})

test('writing counts as being there', async () => {
  end = { secondsLeft: 1500, secondsLeftAtMost: 7200, idleTimeoutSeconds: 1800 }
  const { user, requests } = await opened(server)
  await waitFor(() => expect(requests.some(({ path }) => path === '/v1/auth/login')).toBe(true))
  await vi.waitFor(() => expect(find('textarea')).toBeTruthy())
  await user.type(find('textarea') as HTMLTextAreaElement, 'a long question')
  await waitFor(() => expect(requests.filter(({ path }) => path === '/v1/auth/stay')).toHaveLength(1))
})

test('whoever comes back after the end finds it said', async () => {
  refused = 'SIGNED_OUT_IDLE'
  const { user } = await opened(server)
  // By the chat itself, or with the reason where the part that asks for it was there in time.
  await waitFor(() => inPanel().getByText(/You (were|have been) signed out/))
  expect(kept().patient).toBeUndefined()
  await user.click(button('OK'))
  expect(inPanel().queryByText(/You (were|have been) signed out/)).toBeNull()
})
