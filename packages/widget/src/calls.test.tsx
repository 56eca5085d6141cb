import { act, waitFor } from '@testing-library/react'
import { beforeEach, expect, test, vi } from 'vitest'
import type { VoiceServerFrame } from './generated/wire'
import { call, drawsTheWidget, emitted, find, inPanel, opened, root, run } from './testing/drawn-widget'
import { installFakeCalls, latestPeer, microphone, played, track } from './testing/fake-call'
import { type FakeRequest, type FakeSocket, sessionStarted, sockets, stored } from './testing/fake-server'
import { callView } from './views/other-views'

drawsTheWidget()

let voice: ReturnType<typeof sessionStarted>['voice']

beforeEach(() => {
  installFakeCalls()
  voice = {
    enabled: true,
    signalingUrl: 'wss://api.test/ws/voice?sessionId=sess_1',
    rtcConfig: { iceServers: [] },
  }
})

function server({ path }: FakeRequest) {
  if (path.endsWith('/session/init')) return { status: 201, json: sessionStarted({ voice }) }
}

const button = (name: string) => inPanel().getByRole('button', { name })
const region = () => inPanel().queryByRole('region', { name: 'Call' })
const voiceSocket = () => sockets.filter(({ url }) => url.includes('/ws/voice')).at(-1) as FakeSocket
const statuses = () => emitted.filter(([event]) => event === 'voice').map(([, payload]) => payload)
const errors = () => emitted.filter(([event]) => event === 'error').map(([, payload]) => payload)
const say = (...frames: VoiceServerFrame[]) => act(async () => voiceSocket().push(...(frames as never[])))

async function inCall() {
  const widget = await opened(server)
  await widget.user.click(await waitFor(() => button('Talk')))
  await waitFor(() => expect(voiceSocket()).toBeDefined())
  await act(async () => {
    voiceSocket().readyState = 1
    voiceSocket().onopen?.()
  })
  await say({ type: 'answer', sdp: { type: 'answer', sdp: '' } })
  await act(async () => latestPeer().become('connected'))
  return widget
}

test('nobody is asked for a microphone before they press, and where there are no calls there is no button', async () => {
  voice = { ...voice, enabled: false }
  await opened(server)
  await waitFor(() => expect(find('.who-answers')).toBeTruthy())
  expect(inPanel().queryByRole('button', { name: 'Talk' })).toBeNull()
  expect(microphone).not.toHaveBeenCalled()
})

test('the press asks for the microphone and unlocks the sound at once, and the code of calls comes after it', async () => {
  const { user } = await opened(server)
  await waitFor(() => button('Talk'))
  expect([microphone.mock.calls.length, played]).toEqual([0, 0])
  microphone.mockImplementation(async () => {
    expect(callView.state.getState().part, 'nothing was fetched for it').toBeUndefined()
    return new Promise(() => {})
  })
  await user.click(button('Talk'))
  expect([microphone.mock.calls.length, played]).toEqual([1, 1])
  await waitFor(() => inPanel().getByText('Please allow the microphone in your browser.'))
  expect(root.activeElement?.closest('.call')).toBeTruthy()
})

test('a call shows what it does and what is said, and a typed message goes on', async () => {
  const { socket, user } = await inCall()
  expect(find('.call-phase')?.textContent).toBe('Listening')
  expect(find('[role=status].sr-only')?.textContent).toBe('You are connected. Speak when you are ready.')
  await say(
    { type: 'state', state: 'thinking' },
    { type: 'transcript', role: 'user', text: 'When can', final: false },
  )
  expect(find('.call-phase')?.textContent).toBe('Thinking…')
  expect(inPanel().getByRole('region', { name: 'Captions' }).textContent).toBe('You: When can')
  await say(
    { type: 'state', state: 'speaking' },
    { type: 'transcript', role: 'assistant', text: 'From ten', final: false },
  )
  expect(inPanel().getByRole('region', { name: 'Captions' }).textContent).toBe('Assistant: From ten')
  await user.type(find('textarea') as HTMLTextAreaElement, 'And on Sundays?{Enter}')
  expect(socket.frames('user_message')).toHaveLength(1)
  expect(statuses()).toEqual(
    ['connecting', 'listening', 'thinking', 'speaking'].map((status) => ({ status })),
  )
})

test('the call is in sight in every view, and ends with its button', async () => {
  const { user } = await inCall()
  await user.click(button('Settings'))
  expect(region()).toBeTruthy()
  await user.click(button('Turn the microphone off'))
  expect(track.enabled).toBe(false)
  await user.click(button('Back to chat'))
  expect(find('.call-phase')?.textContent).toBe('Microphone off')
  await user.click(button('Turn the microphone on'))
  expect(track.enabled).toBe(true)
  await user.click(button('End'))
  expect([region(), track.stopped, statuses().at(-1)]).toEqual([null, true, { status: 'ended' }])
  expect(root.activeElement?.tagName).toBe('TEXTAREA')
  expect(button('Talk')).toBeTruthy()
})

test('a blocked microphone is a reason and a way on', async () => {
  microphone.mockRejectedValue(new DOMException('no', 'NotAllowedError'))
  const { user } = await opened(server)
  await user.click(await waitFor(() => button('Talk')))
  const alert = await waitFor(() => inPanel().getByRole('alert'))
  expect(alert.textContent).toMatch(/microphone is blocked.*type your question/)
  await user.click(button('Call again'))
  await waitFor(() => expect(microphone).toHaveBeenCalledTimes(2))
  await user.click(await waitFor(() => button('OK')))
  expect([region(), root.activeElement?.tagName]).toEqual([null, 'TEXTAREA'])
})

test('a call that ends by itself says why', async () => {
  await inCall()
  await say({ type: 'ended', reason: 'silence' })
  expect(inPanel().getByRole('alert').textContent).toBe(
    'The call has ended because nothing was said for a while.',
  )
})

test('other devices can be chosen', async () => {
  const { user } = await inCall()
  await user.click(button('Microphone and loudspeaker'))
  const choice = (await waitFor(() => inPanel().getByLabelText('Microphone'))) as HTMLSelectElement
  await user.selectOptions(choice, 'headset')
  await waitFor(() =>
    expect(microphone.mock.calls.at(-1)).toEqual([{ audio: { deviceId: { exact: 'headset' } } }]),
  )
  microphone.mockRejectedValue(new DOMException('gone', 'NotFoundError'))
  await user.selectOptions(choice, 'default')
  await waitFor(() => inPanel().getByText('That device cannot be used.'))
})

test('what was spoken is marked, and no screen reader reads it over the voice', async () => {
  const { socket } = await inCall()
  const announced = find('[role=status].sr-only')?.textContent
  const spoken = { ...stored(1, 'assistant', 'From ten to eight.'), metadata: { channel: 'voice' } } as const
  await act(async () =>
    socket.push({ type: 'message', ...spoken }, { type: 'message', ...stored(2, 'user', 'Thanks') }),
  )
  expect(find('[data-message=m1]')?.textContent).toContain('Spoken')
  expect(find('[data-message=m2]')?.textContent).not.toContain('Spoken')
  expect(find('[role=status].sr-only')?.textContent).toBe(announced)
})

test('a page may begin a call when the visitor presses something of its own, and end it', async () => {
  await opened(server)
  await waitFor(() => button('Talk'))
  vi.stubGlobal('navigator', Object.assign(navigator, { userActivation: { isActive: false } }))
  await run('startVoice')
  expect(errors().at(-1)).toMatchObject({ code: 'VOICE_NEEDS_PRESS' })
  expect(microphone).not.toHaveBeenCalled()
  Object.assign(navigator, { userActivation: { isActive: true } })
  await run('startVoice')
  await waitFor(() => expect(region()).toBeTruthy())
  await run('endVoice')
  expect([region(), statuses().at(-1)]).toEqual([null, { status: 'ended' }])
  Object.assign(navigator, { userActivation: undefined })
})

test('a page that asks for calls where there are none hears so', async () => {
  voice = { ...voice, enabled: false }
  await opened(server)
  await run('startVoice')
  await waitFor(() => expect(errors().at(-1)).toMatchObject({ code: 'VOICE_UNAVAILABLE' }))
  expect(microphone).not.toHaveBeenCalled()
})

test('a widget that is taken off the page hangs up', async () => {
  await inCall()
  const socket = voiceSocket()
  act(() => call('shutdown', []))
  expect([(socket.received as { type: string }[]).at(-1)?.type, track.stopped]).toEqual(['end', true])
})
