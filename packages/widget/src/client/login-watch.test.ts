import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type FakeRequest, installFakeServer } from '../testing/fake-server'
import { Api } from './api'
import { type LoginState, LoginWatch } from './login-watch'

const MINUTE = 60_000
/** What the server knows: when the login ends, and when for good. */
let endsAt: number
let endsForGoodAt: number
let idleSeconds: number
let refused: string | undefined
let reachable: boolean
let states: LoginState[]
let requests: FakeRequest[]
let watch: LoginWatch

beforeEach(() => {
  vi.useFakeTimers()
  idleSeconds = 1800
  endsAt = Date.now() + idleSeconds * 1000
  endsForGoodAt = Date.now() + 720 * MINUTE
  refused = undefined
  reachable = true
  states = []
  requests = installFakeServer(({ path }) => {
    if (!reachable) return 'unreachable'
    if (refused) return { status: 401, json: { code: refused } }
    if (path === '/v1/auth/stay') endsAt = Math.min(Date.now() + idleSeconds * 1000, endsForGoodAt)
    if (Date.now() >= endsAt)
      return {
        status: 401,
        json: { code: endsAt < endsForGoodAt ? 'SIGNED_OUT_IDLE' : 'SIGNED_OUT_EXPIRED' },
      }
    const left = (until: number) => Math.round((until - Date.now()) / 1000)
    return {
      json: {
        secondsLeft: left(endsAt),
        secondsLeftAtMost: left(endsForGoodAt),
        idleTimeoutSeconds: idleSeconds,
      },
    }
  }).requests
  watch = new LoginWatch(new Api('https://api.test'), 'user-token', (state) => states.push(state))
  void watch.look()
})

afterEach(() => {
  watch.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const after = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const kinds = () => states.map(({ kind }) => kind).filter((kind, index, all) => kind !== all[index - 1])

test('a patient who does nothing hears of it a minute before, and why afterwards', async () => {
  await after(29 * MINUTE - 1000)
  expect(kinds()).toEqual(['live'])
  await after(2000)
  expect(states.at(-1)).toMatchObject({ kind: 'ending', mayStay: true })
  await after(MINUTE + 2000)
  expect(states.at(-1)).toEqual({ kind: 'over', because: 'idle' })
  const asked = requests.length
  await after(60 * MINUTE)
  expect(requests.length, 'there is nothing left to look at').toBe(asked)
  expect(requests.every(({ path, token }) => path === '/v1/auth/login' && token === 'user-token')).toBe(true)
})

test('whoever says that they are there stays', async () => {
  await after(29 * MINUTE)
  expect(kinds()).toEqual(['live', 'ending'])
  expect(await watch.stay()).toBe(true)
  expect(kinds()).toEqual(['live', 'ending', 'live'])
  await after(28 * MINUTE)
  expect(kinds()).toEqual(['live', 'ending', 'live'])
})

test('what is done in another tab ends the warning here', async () => {
  await after(29 * MINUTE)
  expect(kinds()).toEqual(['live', 'ending'])
  endsAt = Date.now() + 30 * MINUTE
  await after(6000)
  expect(kinds()).toEqual(['live', 'ending', 'live'])
})

test('reading and writing count, told to the server once a minute at most', async () => {
  for (let second = 0; second < 45 * 60; second += 5) {
    watch.sign()
    await after(5000)
  }
  expect(kinds()).toEqual(['live'])
  const told = requests.filter(({ path }) => path === '/v1/auth/stay').length
  expect(told).toBeGreaterThan(40)
  expect(told).toBeLessThanOrEqual(46)
})

test('the keys that lead to the buttons of the warning do not count', async () => {
  await after(29 * MINUTE + 30_000)
  watch.sign()
  await after(0)
  expect(kinds()).toEqual(['live', 'ending'])
})

test('a short time leaves at least twenty seconds to answer', async () => {
  watch.stop()
  idleSeconds = 60
  endsAt = Date.now() + MINUTE
  void watch.look()
  await after(39_000)
  expect(kinds()).toEqual(['live'])
  await after(2000)
  expect(kinds()).toEqual(['live', 'ending'])
})

test('where nothing helps, staying is not offered', async () => {
  endsForGoodAt = Date.now() + 10 * MINUTE
  endsAt = endsForGoodAt
  await after(0)
  watch.stop()
  void watch.look()
  await after(9 * MINUTE + 1000)
  expect(states.at(-1)).toMatchObject({ kind: 'ending', mayStay: false })
  await after(MINUTE)
  expect(states.at(-1)).toEqual({ kind: 'over', because: 'expired' })
})

test('a server out of reach is asked again, and what it ends for other reasons is not called a time-out', async () => {
  reachable = false
  await after(29 * MINUTE)
  expect(await watch.stay()).toBe(false)
  expect(kinds()).toEqual(['live'])
  reachable = true
  refused = 'INVALID_TOKEN'
  await after(11_000)
  expect(states.at(-1)).toEqual({ kind: 'over', because: 'other' })
})
