import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { VoiceServerFrame } from '../generated/wire'
import { installFakeCalls, latestPeer, microphone, peers, track } from '../testing/fake-call'
import { installFakeServer, latestSocket, sessionStarted, sockets } from '../testing/fake-server'
import { Call, type CallHost } from './call'
import type { CallProblem, CallState } from './call-state'
import { tapped } from './tap'

const voice = {
  enabled: true,
  signalingUrl: 'wss://api.test/ws/voice?sessionId=sess_1',
  rtcConfig: { iceServers: [{ urls: ['turn:turn.test'], username: '1:sess_1', credential: 'c' }] },
}
let state: Partial<CallState>
let phases: (string | undefined)[]
let ends: (CallProblem | undefined)[]
let begun: number
let session: () => Promise<ReturnType<typeof sessionStarted>>

const host: CallHost = {
  session: () => session(),
  update(changes) {
    state = { ...state, ...changes }
    if (changes.phase) phases.push(changes.phase)
  },
  onBegun() {
    begun += 1
  },
  onEnd: (problem) => void ends.push(problem),
}

beforeEach(() => {
  vi.useFakeTimers()
  installFakeServer()
  installFakeCalls()
  state = {}
  phases = []
  ends = []
  begun = 0
  session = async () => sessionStarted({ voice })
})
afterEach(() => {
  vi.useRealTimers()
})

const settle = () => vi.advanceTimersByTimeAsync(0)
const kinds = () => latestSocket().received.map(({ type }) => type as string)
const say = async (...frames: VoiceServerFrame[]) => {
  latestSocket().push(...(frames as never[]))
  await settle()
}

/** The socket is there, and an answer to the offer comes. */
async function answered(): Promise<void> {
  const socket = latestSocket()
  socket.readyState = 1
  socket.onopen?.()
  await settle()
  await say({ type: 'answer', sdp: { type: 'answer', sdp: 'answer' } })
}

async function connected(): Promise<Call> {
  const call = new Call(host, tapped())
  await settle()
  await answered()
  latestPeer().become('connected')
  return call
}

test('an offer goes out before the addresses, with what the session allows', async () => {
  const call = new Call(host, tapped())
  await settle()
  expect(latestPeer().config).toEqual(voice.rtcConfig)
  latestSocket().readyState = 1
  latestSocket().onopen?.()
  await settle()
  latestPeer().onicecandidate?.({ candidate: { toJSON: () => ({ candidate: 'c' }) } })
  expect(kinds()).toEqual(['auth', 'offer', 'ice-candidate'])
  expect(latestSocket().received[0]).toMatchObject({ token: 'token-1', sessionId: 'sess_1' })
  await say(
    { type: 'answer', sdp: { type: 'answer', sdp: 'answer' } },
    { type: 'ice-candidate', candidate: { candidate: 'theirs' } },
  )
  expect(latestPeer().candidates).toEqual([{ candidate: 'theirs' }])
  latestPeer().become('connected')
  expect([begun, state.phase]).toEqual([1, 'listening'])
  call.hangUp()
})

test('what the server does is shown, also what it did before sound went through', async () => {
  const call = new Call(host, tapped())
  await settle()
  await answered()
  await say({ type: 'state', state: 'speaking' })
  expect(state.phase).toBe('connecting')
  latestPeer().become('connected')
  expect(state.phase).toBe('speaking')
  await say({ type: 'transcript', role: 'user', text: 'When can', final: false })
  expect(state.caption).toMatchObject({ role: 'user', text: 'When can' })
  call.hangUp()
})

test('whoever hangs up says so, and leaves nothing on', async () => {
  const call = await connected()
  call.hangUp()
  expect(kinds().at(-1)).toBe('end')
  expect([track.stopped, latestPeer().closed, latestSocket().readyState]).toEqual([true, true, 3])
  expect(ends).toEqual([undefined])
  await vi.advanceTimersByTimeAsync(60_000)
  expect([peers.length, ends.length]).toEqual([1, 1])
})

test('whoever hangs up while the browser asks gets no call', async () => {
  let allow: (stream: unknown) => void = () => {}
  microphone.mockReturnValue(
    new Promise((resolve) => {
      allow = resolve
    }),
  )
  const call = new Call(host, tapped())
  call.hangUp()
  allow({ getTracks: () => [track] })
  await settle()
  expect([track.stopped, sockets.length, ends]).toEqual([true, 0, [undefined]])
})

test.each([
  ['NotAllowedError', 'blocked'],
  ['NotFoundError', 'noMicrophone'],
  ['NotReadableError', 'microphoneInUse'],
  ['AnythingElse', 'blocked'],
])('a browser that gives no microphone (%s) is a reason: %s', async (name, problem) => {
  microphone.mockRejectedValue(new DOMException('no', name))
  new Call(host, tapped())
  await settle()
  expect(ends).toEqual([problem])
})

test('a page without HTTPS has no microphone to give', async () => {
  Object.defineProperty(window, 'isSecureContext', { configurable: true, value: false })
  Object.defineProperty(navigator, 'mediaDevices', { configurable: true, value: undefined })
  new Call(host, tapped())
  await settle()
  expect(ends).toEqual(['notSecure'])
})

test.each([
  [{ type: 'error', code: 'VOICE_UNAVAILABLE', message: '' }, 1000, 'unavailable'],
  [{ type: 'error', code: 'RATE_LIMITED', message: '' }, 4029, 'linesBusy'],
  [{ type: 'error', code: 'PROVIDER_FAILED', message: '' }, 1000, 'providerFailed'],
  [{ type: 'ended', reason: 'silence' }, 1000, 'silence'],
  [{ type: 'ended', reason: 'replaced' }, 1000, 'elsewhere'],
  [{ type: 'ended', reason: 'hung_up' }, 1000, undefined],
] as const)('%o, closed with %i, ends the call as %s', async (frame, code, problem) => {
  await connected()
  await say(frame)
  latestSocket().drop(code)
  expect(ends).toEqual([problem])
})

test('a session that has ended ends the call, and the chat says why', async () => {
  await connected()
  latestSocket().drop(4008)
  expect(ends).toEqual([undefined])
})

test('where no sound comes through it is told, and not waited for', async () => {
  new Call(host, tapped())
  await settle()
  await answered()
  await vi.advanceTimersByTimeAsync(15_000)
  expect(ends).toEqual(['noSound'])
})

test('a call that cannot be begun is not tried again', async () => {
  session = async () => sessionStarted()
  new Call(host, tapped())
  await settle()
  expect(ends).toEqual(['unavailable'])
})

test('after a change of network the call goes on over the same socket', async () => {
  const call = await connected()
  await say({ type: 'state', state: 'speaking' })
  window.dispatchEvent(new Event('online'))
  await settle()
  expect([latestPeer().restarts, state.phase]).toEqual([1, 'reconnecting'])
  expect(kinds().filter((kind) => kind === 'offer')).toHaveLength(2)
  await say({ type: 'answer', sdp: { type: 'answer', sdp: 'another' } })
  expect([state.phase, sockets.length]).toEqual(['speaking', 1])
  await vi.advanceTimersByTimeAsync(60_000)
  expect([sockets.length, ends]).toEqual([1, []])
  call.hangUp()
})

test('a connection that is away for a moment is left alone, and for longer looks for another way', async () => {
  const call = await connected()
  latestPeer().become('disconnected')
  await vi.advanceTimersByTimeAsync(1_000)
  latestPeer().become('connected')
  await vi.advanceTimersByTimeAsync(5_000)
  expect(latestPeer().restarts).toBe(0)
  latestPeer().become('disconnected')
  await vi.advanceTimersByTimeAsync(2_000)
  expect(latestPeer().restarts).toBe(1)
  call.hangUp()
})

test('a call whose server is gone is made anew in the same conversation', async () => {
  const call = await connected()
  latestSocket().drop()
  expect(state.phase).toBe('reconnecting')
  await vi.advanceTimersByTimeAsync(300)
  expect([sockets.length, peers.length, peers[0]?.closed]).toEqual([2, 2, true])
  expect(microphone).toHaveBeenCalledTimes(1)
  await answered()
  latestPeer().become('connected')
  expect([state.phase, begun, ends]).toEqual(['listening', 1, []])
  call.hangUp()
})

test('where it does not come back it is told that the call was lost', async () => {
  await connected()
  session = async () => {
    throw new TypeError('Failed to fetch')
  }
  latestSocket().drop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect([ends, track.stopped]).toEqual([['lost'], true])
})

test('a provider that cannot go on by another way is called anew', async () => {
  const call = await connected()
  window.dispatchEvent(new Event('online'))
  await settle()
  await say({ type: 'error', code: 'NOT_ALLOWED', message: '' })
  await vi.advanceTimersByTimeAsync(300)
  expect(sockets).toHaveLength(2)
  call.hangUp()
})

test('muting silences the microphone and its meter, and another microphone stays muted', async () => {
  const call = await connected()
  expect(call.microphone?.level()).toBeGreaterThan(0)
  call.mute(true)
  expect([track.enabled, call.microphone?.level(), state.muted]).toEqual([false, 0, true])
  const other = Object.assign(Object.create(track), { stopped: false, enabled: true, deviceId: 'headset' })
  microphone.mockResolvedValue({ getTracks: () => [other] })
  await call.microphone?.chooseMicrophone('headset')
  expect(microphone.mock.calls.at(-1)).toEqual([{ audio: { deviceId: { exact: 'headset' } } }])
  expect([track.stopped, other.enabled, latestPeer().sent.at(-1) === other]).toEqual([true, false, true])
  call.hangUp()
})

test('a microphone that is unplugged ends the call', async () => {
  await connected()
  track.onended?.()
  expect(ends).toEqual(['noMicrophone'])
})
