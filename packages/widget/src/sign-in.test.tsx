import { act, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, test } from 'vitest'
import type { SignedIn } from './generated/wire'
import { drawsTheWidget, emitted, find, inPanel, KEY, opened, put, root, run } from './testing/drawn-widget'
import {
  type FakeRequest,
  installFakeServer,
  latestSocket,
  sessionStarted,
  sockets,
  stored,
} from './testing/fake-server'

drawsTheWidget()

const JANE = { userId: 'usr_1', email: 'jane@example.org', name: 'Jane Doe' }
const SIGNED_IN: SignedIn = { token: 'user-token', expiresAt: '2099-01-01T00:00:00.000Z', user: JANE }
const WITH_SIGN_IN = sessionStarted({
  features: { textChat: true, voice: false, fileUpload: false, signIn: true, identityRequired: false },
})
/** How long she stays signed in. */
const FOR_LONG = { secondsLeft: 1800, secondsLeftAtMost: 43_200, idleTimeoutSeconds: 1800 }
const summary = (number: number) => ({
  sessionId: `sess_${number}`,
  createdAt: `2026-01-0${number}T10:00:00.000Z`,
  lastActiveAt: `2026-01-0${number}T10:00:00.000Z`,
  messageCount: 2,
})

type Answer = { status?: number; json?: unknown; retryAfter?: number } | 'unreachable'
/** How the server answers attempts to sign in. */
let login: Answer
/** Whether the token of the user opens anything. */
let isSignedIn: boolean
/** Whether the conversation is another patient's, until it is left. */
let isTaken: boolean

beforeEach(() => {
  login = { json: SIGNED_IN }
  isSignedIn = true
  isTaken = false
})

function server({ method, path, token }: FakeRequest): Answer | undefined {
  if (token === 'user-token' && !isSignedIn) return { status: 401, json: { code: 'INVALID_TOKEN' } }
  if (path.endsWith('/session/init')) return { status: token === 'token-1' ? 200 : 201, json: WITH_SIGN_IN }
  if (path === '/v1/auth/identify' && isTaken) {
    isTaken = false
    return { status: 409, json: { code: 'SOMEBODY_ELSES' } }
  }
  if ((method === 'GET' && path === '/v1/auth/login') || path === '/v1/auth/stay') return { json: FOR_LONG }
  if (path === '/v1/auth/login' || path === '/v1/auth/identify') return login
  if (path === '/v1/auth/logout') return { status: 200, json: {} }
  if (path.startsWith('/v1/sessions?') && token === 'user-token')
    return path.includes('before=')
      ? { json: { sessions: [summary(2)] } }
      : { json: { sessions: [summary(1), summary(3)], before: 'sess_3' } }
  if (method === 'GET' && path.includes('/messages'))
    return { json: { messages: [stored(1, 'user', `Question in ${path.split('/')[3]}`)] } }
}

/** But for those that ask how long she stays signed in. */
const latest = (requests: FakeRequest[]) =>
  requests.filter(({ path }) => !['/v1/auth/login', '/v1/auth/stay'].includes(path)).at(-1)
const kept = () => JSON.parse(localStorage.getItem(KEY) ?? '{}')
const button = (name: string | RegExp) => inPanel().getByRole('button', { name })
const field = (type: string) => find<HTMLInputElement>(`input[name=${type}]`) as HTMLInputElement

async function atSignIn(handler = server) {
  const drawn = await opened(handler)
  await run('open', 'settings')
  await waitFor(() => button('Sign in'))
  await drawn.user.click(button('Sign in'))
  return drawn
}

async function signedIn() {
  const drawn = await atSignIn()
  await drawn.user.type(field('email'), ' Jane@example.org')
  await drawn.user.type(field('password'), 'four words make one')
  await drawn.user.keyboard('{Enter}')
  await waitFor(() => inPanel().getByText('Question in sess_3'))
  return drawn
}

describe('signing in', () => {
  test('is offered only where the app allows it', async () => {
    await opened()
    await run('open', 'settings')
    await waitFor(() => inPanel().getByText('Text size'))
    expect(inPanel().queryByRole('button', { name: 'Sign in' })).toBeNull()
  })

  test('has fields that password managers know, and shows the password when asked to', async () => {
    const { user } = await atSignIn()
    expect([field('email').autocomplete, field('password').autocomplete]).toEqual([
      'username',
      'current-password',
    ])
    expect(inPanel().getByLabelText('E-mail address')).toBe(field('email'))
    expect(inPanel().getByLabelText('Password')).toBe(field('password'))
    await user.click(button('Show password'))
    expect(field('password').type).toBe('text')
    await user.click(button('Hide password'))
    expect(field('password').type).toBe('password')
  })

  test('leads to the conversations from every device, each of which opens to read', async () => {
    const { user, requests } = await signedIn()
    expect(requests.find(({ path }) => path === '/v1/auth/login')).toMatchObject({
      token: 'token-1',
      body: { email: 'Jane@example.org', password: 'four words make one', sessionId: 'sess_1' },
    })
    expect(kept().patient).toEqual({
      ...JANE,
      userId: undefined,
      token: 'user-token',
      expiresAt: SIGNED_IN.expiresAt,
    })
    expect(localStorage.getItem(KEY)).not.toContain('four words')
    expect(inPanel().getByText('Current')).toBeTruthy()
    await user.click(button('Show earlier conversations'))
    await waitFor(() => inPanel().getByText('Question in sess_2'))
    await user.click(inPanel().getByText('Question in sess_3'))
    await waitFor(() => inPanel().getByText('An earlier conversation, to read only.'))
    expect(latest(requests)).toMatchObject({
      path: '/v1/sessions/sess_3/messages?limit=50',
      token: 'user-token',
    })
  })

  test.each<[Answer, RegExp]>([
    [{ status: 401, json: { code: 'INVALID_CREDENTIALS' } }, /address or the password is not right/],
    [{ status: 429, json: { code: 'RATE_LIMITED' }, retryAfter: 6 }, /try again in 6 seconds/],
    [{ status: 409, json: { code: 'SOMEBODY_ELSES' } }, /Start a new one/],
    [{ status: 503, json: { code: 'UNAVAILABLE' } }, /cannot be reached/],
    ['unreachable', /cannot be reached/],
    [{ status: 410, json: { code: 'SESSION_ENDED' } }, /did not work/],
  ])('says in words what went wrong: %o', async (answer, words) => {
    login = answer
    const { user } = await atSignIn()
    await user.type(field('email'), 'jane@example.org')
    await user.type(field('password'), 'wrong')
    await user.click(button('Sign in'))
    await waitFor(() => expect(inPanel().getByRole('alert').textContent).toMatch(words))
    expect(kept().patient).toBeUndefined()
    expect(field('email').value).toBe('jane@example.org')
  })

  test('names the field that is empty or wrong, and puts the keyboard there', async () => {
    login = { status: 401, json: { code: 'INVALID_CREDENTIALS' } }
    const { user, requests } = await atSignIn()
    await user.click(button('Sign in'))
    expect(root.activeElement).toBe(field('email'))
    expect(field('email').getAttribute('aria-invalid')).toBe('true')
    await user.type(field('email'), 'jane@example.org{Enter}')
    expect(root.activeElement).toBe(field('password'))
    expect(inPanel().getByRole('alert').textContent).toBe('Please enter your password.')
    expect(requests.some(({ path }) => path === '/v1/auth/login')).toBe(false)
    await user.type(field('password'), 'wrong{Enter}')
    await waitFor(() => expect(field('password').getAttribute('aria-describedby')).toBe('sign-in-problem'))
    expect(root.activeElement).toBe(field('password'))
  })
})

describe('being signed in', () => {
  test('ends in the settings, and leaves nothing on the device', async () => {
    const { user, requests } = await signedIn()
    await run('open', 'settings')
    expect(inPanel().getByText('Jane Doe')).toBeTruthy()
    const before = sockets.length
    await user.click(button('Sign out'))
    await waitFor(() => expect(sockets.length).toBe(before + 1))
    expect(requests.find(({ path }) => path === '/v1/auth/logout')?.token).toBe('user-token')
    expect(latest(requests)).toMatchObject({ path: '/v1/widget/session/init', token: undefined })
    expect(localStorage.getItem(KEY)).not.toMatch(/user-token|Jane/)
  })

  test('begins the next conversation as the patient', async () => {
    const { user, requests } = await signedIn()
    await user.click(button('Start a new conversation'))
    await waitFor(() =>
      expect(latest(requests)).toMatchObject({ path: '/v1/widget/session/init', token: 'user-token' }),
    )
  })

  test('is over when the server says so', async () => {
    const { requests } = await signedIn()
    isSignedIn = false
    await run('open', 'settings')
    await run('open', 'history')
    await waitFor(() => expect(kept().patient).toBeUndefined())
    await waitFor(() => button('Sign in'))
    await act(async () => inPanel().getByRole('button', { name: 'Start a new conversation' }).click())
    await waitFor(() =>
      expect(latest(requests)).toMatchObject({ path: '/v1/widget/session/init', token: undefined }),
    )
  })

  test('is told how to find the conversation again when it ended with the login', async () => {
    const { user } = await signedIn()
    isSignedIn = false
    await run('open', 'chat')
    await act(async () => latestSocket().drop(4008))
    await waitFor(() => inPanel().getByText(/If you were signed out, sign in again/))
    await user.click(button('Start a new conversation'))
    await waitFor(() => expect(kept().patient).toBeUndefined())
  })
})

describe("the hospital's own site", () => {
  const identified = ({ path }: FakeRequest) => path === '/v1/auth/identify'

  test('says who the visitor is, once there is a conversation, and once', async () => {
    login = { json: { ...SIGNED_IN, user: { userId: 'usr_1', name: 'Jane Doe' } } }
    const { requests } = installFakeServer(server)
    put()
    await run('identify', { token: 'said by the site' })
    expect(requests).toEqual([])
    await run('show')
    await waitFor(() => expect(kept().patient?.name).toBe('Jane Doe'))
    expect(requests.filter(identified)).toEqual([
      expect.objectContaining({ token: 'token-1', body: { token: 'said by the site', sessionId: 'sess_1' } }),
    ])
    await act(async () => latestSocket().accept())
    await run('open', 'settings')
    await waitFor(() => inPanel().getByText('Jane Doe'))
  })

  test('means somebody else than was here: what was theirs goes, and a new conversation is for whom it means', async () => {
    const { requests } = await signedIn()
    login = { json: { ...SIGNED_IN, token: 'token of john', user: { userId: 'usr_2', name: 'John' } } }
    isTaken = true
    await run('identify', { token: 'john' })
    await waitFor(() => expect(kept().patient?.name).toBe('John'))
    expect(requests.filter(identified)).toHaveLength(2)
    expect(localStorage.getItem(KEY)).not.toMatch(/Jane|user-token/)
  })

  test("meets a conversation that stays somebody else's: it is left once, and the page is told", async () => {
    const { requests } = await signedIn()
    login = { status: 409, json: { code: 'SOMEBODY_ELSES' } }
    await run('identify', { token: 'john' })
    await waitFor(() =>
      expect(emitted).toContainEqual(['error', expect.objectContaining({ code: 'IDENTITY_REFUSED' })]),
    )
    expect(requests.filter(identified)).toHaveLength(2)
  })

  test('is not believed: the page is told, and the visitor goes on as anybody', async () => {
    await opened(server)
    login = { status: 401, json: { code: 'IDENTITY_REFUSED' } }
    await run('identify', { token: 'old' })
    expect(emitted).toContainEqual(['error', expect.objectContaining({ code: 'IDENTITY_REFUSED' })])
    expect(kept().patient).toBeUndefined()
  })

  test('says that nobody is signed in any more', async () => {
    const { requests } = await signedIn()
    await run('identify', null)
    await waitFor(() => expect(kept().patient).toBeUndefined())
    expect(requests.find(({ path }) => path === '/v1/auth/logout')?.token).toBe('user-token')
  })
})
