import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { installFakeServer, latestSocket, sessionStarted, sockets, stored } from '../testing/fake-server'
import { KEPT, listener, visit } from '../testing/kept-conversation'
import { Api } from './api'
import { Conversation } from './conversation'
import { DeviceStorage } from './device-record'

let storage: DeviceStorage

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  storage = new DeviceStorage('key')
})

afterEach(() => {
  vi.useRealTimers()
  vi.clearAllMocks()
  localStorage.clear()
})

function converse() {
  return new Conversation(
    new Api('https://api.test'),
    storage,
    { projectId: 'project', storageKey: 'key' },
    () => visit,
    listener,
  )
}

/** Lets everything that waits on promises, but not on the clock, happen. */
const settle = () => vi.advanceTimersByTimeAsync(0)

async function connected() {
  const conversation = converse()
  conversation.start()
  await settle()
  const socket = latestSocket().accept()
  await settle()
  return { conversation, socket, state: () => conversation.state.getState() }
}

describe('a new conversation', () => {
  test('asks for a session without a token, authenticates in a frame, and keeps the key', async () => {
    const { requests } = installFakeServer()
    const { socket, state } = await connected()
    expect(requests).toMatchObject([
      {
        method: 'POST',
        path: '/v1/widget/session/init',
        token: undefined,
        body: { projectId: 'project', ...visit },
      },
    ])
    expect(socket.url).not.toContain('token')
    expect(socket.received).toEqual([
      { type: 'auth', token: 'token-1', sessionId: 'sess_1' },
      { type: 'init', sessionId: 'sess_1', lastSeq: 0 },
    ])
    expect(state()).toMatchObject({ connection: 'online', loaded: true, transcript: [] })
    expect(storage.read().current).toMatchObject({ sessionId: 'sess_1', token: 'token-1' })
    expect(listener.onSession).toHaveBeenCalledExactlyOnceWith('sess_1', false)
  })

  test('streams an answer from question to end', async () => {
    installFakeServer()
    const { conversation, socket, state } = await connected()
    conversation.send('When can I visit?')
    const [sent] = socket.frames('user_message')
    expect(sent).toMatchObject({
      content: 'When can I visit?',
      messageId: expect.stringMatching(/^msg_[0-9a-f]{32}$/),
    })
    const question = sent?.messageId as string
    expect(state().transcript).toMatchObject([{ delivery: 'sending' }])

    socket.push({ type: 'ack', messageId: question, seq: 1 }, { type: 'status', status: 'typing' })
    expect(state()).toMatchObject({ answering: true, transcript: [{ delivery: 'sent', seq: 1 }] })
    socket.push({ type: 'token', messageId: 'm2', delta: 'From ', offset: 0 })
    socket.push({ type: 'token', messageId: 'm2', delta: 'ten.', offset: 5 })
    expect(state().transcript[1]).toMatchObject({ content: 'From ten.', streaming: true })
    socket.push(
      { type: 'message', ...stored(2, 'assistant', 'From ten.'), inReplyTo: question },
      { type: 'status', status: 'idle' },
    )
    expect(state().answering).toBe(false)
    expect(state().transcript[1]).toMatchObject({ content: 'From ten.', seq: 2 })
    expect(state().transcript[1]?.streaming).toBeUndefined()
    expect(listener.onMessage.mock.calls.map(([entry]) => entry.role)).toEqual(['user', 'assistant'])
  })

  test('stops the answer by naming its question', async () => {
    installFakeServer()
    const { conversation, socket } = await connected()
    conversation.send('Tell me everything')
    const messageId = socket.frames('user_message')[0]?.messageId as string
    socket.push({ type: 'ack', messageId, seq: 1 }, { type: 'status', status: 'typing' })
    conversation.cancel()
    expect(socket.frames('cancel')).toEqual([{ type: 'cancel', messageId }])
  })

  test('marks a question as stopped that was stopped before the first word, and stops the one after it', async () => {
    installFakeServer()
    const { conversation, socket, state } = await connected()
    for (const [index, text] of ['First', 'Second'].entries()) {
      conversation.send(text)
      const messageId = socket.frames('user_message')[index]?.messageId as string
      socket.push({ type: 'ack', messageId, seq: index + 1 }, { type: 'status', status: 'typing' })
      conversation.cancel()
      expect(socket.frames('cancel')[index]).toEqual({ type: 'cancel', messageId })
      expect(state().transcript[index]).toMatchObject({ content: text, stopped: true })
      socket.push({ type: 'status', status: 'idle' })
    }
  })

  test('a stop that came too late, or when words were there, marks the answer and not the question', async () => {
    installFakeServer()
    const { conversation, socket, state } = await connected()
    conversation.send('Tell me everything')
    const messageId = socket.frames('user_message')[0]?.messageId as string
    socket.push({ type: 'ack', messageId, seq: 1 }, { type: 'status', status: 'typing' })
    conversation.cancel()
    const answer = { ...stored(2, 'assistant', 'We'), inReplyTo: messageId, metadata: { stopped: true } }
    socket.push({ type: 'message', ...answer }, { type: 'status', status: 'idle' })
    expect(state().transcript.map(({ stopped }) => stopped)).toEqual([undefined, true])
  })

  test('sends what was written before the connection was there', async () => {
    installFakeServer()
    const conversation = converse()
    conversation.send('Early')
    await settle()
    latestSocket().accept()
    await settle()
    expect(latestSocket().frames('user_message')).toMatchObject([{ content: 'Early' }])
  })
})

describe('a resumed conversation', () => {
  test('shows the newest stored messages, asks for what came after, and can load older ones', async () => {
    storage.update({ current: KEPT })
    const { requests } = installFakeServer(({ path }) => {
      if (path.includes('/init')) return { json: sessionStarted({ lastSeq: 4 }) }
      if (path.includes('before=c1')) return { json: { messages: [stored(1, 'user', 'Hello')] } }
      if (path.includes('/messages'))
        return { json: { messages: [stored(3, 'user', 'a'), stored(4, 'assistant', 'b')], before: 'c1' } }
      return undefined
    })
    const { conversation, socket, state } = await connected()
    expect(requests[0]?.token).toBe('kept-token')
    expect(listener.onSession).toHaveBeenCalledWith('sess_1', true)
    expect(socket.frames('init')).toEqual([{ type: 'init', sessionId: 'sess_1', lastSeq: 4 }])
    await conversation.loadOlder()
    expect(state().transcript.map(({ seq }) => seq)).toEqual([1, 3, 4])
    expect(state().olderCursor).toBeUndefined()
    expect(listener.onMessage).not.toHaveBeenCalled()
  })

  test('has everything replayed by the socket when the stored messages cannot be fetched', async () => {
    storage.update({ current: KEPT })
    installFakeServer(({ path }) => {
      if (path.includes('/init')) return { json: sessionStarted({ lastSeq: 4 }) }
      return 'unreachable'
    })
    const { socket, state } = await connected()
    expect(socket.frames('init')).toMatchObject([{ lastSeq: 0 }])
    expect(state().loaded).toBe(true)
  })

  test.each([401, 410])('forgets a token the server refuses with %i, and begins anew', async (status) => {
    storage.update({ current: KEPT })
    const { requests } = installFakeServer(({ token }) => (token ? { status } : undefined))
    await connected()
    expect(requests.map(({ token }) => token)).toEqual(['kept-token', undefined])
    expect(storage.read().current?.token).toBe('token-1')
  })

  test('does not even try a token that has expired', async () => {
    storage.update({ current: { ...KEPT, expiresAt: '2020-01-01T00:00:00.000Z' } })
    const { requests } = installFakeServer()
    await connected()
    expect(requests.map(({ token }) => token)).toEqual([undefined])
  })
})

describe('a lost connection', () => {
  test('comes back, asks for what was missed, and continues the answer without a gap or a repeat', async () => {
    installFakeServer()
    const { conversation, socket, state } = await connected()
    conversation.send('Question')
    const messageId = socket.frames('user_message')[0]?.messageId as string
    socket.push({ type: 'ack', messageId, seq: 1 }, { type: 'status', status: 'typing' })
    socket.push({ type: 'token', messageId: 'm2', delta: 'Part one', offset: 0 })
    socket.drop()
    expect(state()).toMatchObject({ connection: 'reconnecting', answering: false })
    await vi.advanceTimersByTimeAsync(1000)
    expect(sockets).toHaveLength(2)
    latestSocket().accept(1)
    await settle()
    expect(latestSocket().frames('init')).toEqual([{ type: 'init', sessionId: 'sess_1', lastSeq: 1 }])
    latestSocket().push(
      { type: 'session_ack', sessionId: 'sess_1', lastSeq: 1 },
      { type: 'status', status: 'typing' },
      { type: 'token', messageId: 'm2', delta: 'Part one, part two', offset: 0 },
      { type: 'token', messageId: 'm2', delta: '.', offset: 18 },
    )
    expect(state().transcript.map(({ content }) => content)).toEqual(['Question', 'Part one, part two.'])
  })

  test('sends a message without an ack again under its own id', async () => {
    installFakeServer()
    const { conversation, socket } = await connected()
    conversation.send('Lost?')
    socket.drop()
    await vi.advanceTimersByTimeAsync(1000)
    latestSocket().accept()
    await settle()
    expect(latestSocket().frames('user_message')).toEqual(socket.frames('user_message'))
  })

  test('gives up after five tries, says so, and starts again when woken', async () => {
    installFakeServer()
    const { conversation, socket, state } = await connected()
    conversation.send('Waiting')
    socket.drop()
    for (const seconds of [1, 2, 4, 8, 16]) {
      expect(state()).toMatchObject({ connection: 'reconnecting', transcript: [{ delivery: 'sending' }] })
      await vi.advanceTimersByTimeAsync(seconds * 1000 - 1)
      const before = sockets.length
      await vi.advanceTimersByTimeAsync(1)
      expect(sockets).toHaveLength(before + 1)
      latestSocket().drop()
    }
    expect(state()).toMatchObject({ connection: 'offline', transcript: [{ delivery: 'sending' }] })
    await vi.advanceTimersByTimeAsync(120_000)
    expect(sockets).toHaveLength(6)

    conversation.wake()
    latestSocket().accept()
    await settle()
    expect(state().connection).toBe('online')
    expect(latestSocket().frames('user_message')).toMatchObject([{ content: 'Waiting' }])
  })

  test('tries at once, without waiting for its turn, when the page comes to the front', async () => {
    installFakeServer()
    const { conversation, socket } = await connected()
    socket.drop()
    conversation.wake()
    expect(sockets).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(5000)
    expect(sockets).toHaveLength(2)
  })

  test('comes back a moment after the network did, and not with all the others at once', async () => {
    installFakeServer()
    const { conversation, socket, state } = await connected()
    conversation.networkLost()
    expect(state()).toMatchObject({ connection: 'reconnecting', networkDown: true })
    expect(socket.frames('ping')).toHaveLength(1)
    conversation.networkBack()
    expect(state().networkDown).toBe(false)
    await vi.advanceTimersByTimeAsync(999)
    expect(sockets).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets).toHaveLength(2)
  })

  test('takes back that the network is gone when the server is heard all the same', async () => {
    installFakeServer()
    const { conversation, socket, state } = await connected()
    conversation.networkLost()
    socket.push({ type: 'pong' })
    expect(state().connection).toBe('online')
    conversation.send('Can you hear me?')
    await settle()
    expect(socket.frames('user_message')).toHaveLength(1)
  })

  test('asks what it missed when it comes to the front after a while, and not at every glance', async () => {
    installFakeServer()
    const { conversation, socket } = await connected()
    socket.push({ type: 'session_ack', sessionId: 'sess_1', lastSeq: 0 })
    conversation.wake()
    socket.push({ type: 'pong' })
    expect(socket.frames('init')).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(10_001)
    conversation.wake()
    expect(socket.frames('init')).toHaveLength(2)
  })

  test('is noticed on a socket that is silently dead', async () => {
    installFakeServer()
    const { conversation, socket, state } = await connected()
    conversation.wake()
    expect(socket.frames('ping')).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(state().connection).toBe('reconnecting')
  })

  test('is noticed on a socket that has been silent for long, though nobody did anything', async () => {
    installFakeServer()
    const { state } = await connected()
    await vi.advanceTimersByTimeAsync(2 * 25_000 + 5_000)
    expect(state().connection).toBe('reconnecting')
  })

  test('keeps a socket whose pings are answered, and pings only into silence', async () => {
    installFakeServer()
    const { socket, state } = await connected()
    for (let beat = 0; beat < 4; beat += 1) {
      socket.push({ type: 'status', status: 'idle' })
      await vi.advanceTimersByTimeAsync(25_000)
    }
    expect(socket.frames('ping')).toHaveLength(0)
    for (let pings = 1; pings <= 3; pings += 1) {
      while (socket.frames('ping').length < pings) await vi.advanceTimersByTimeAsync(25_000)
      socket.push({ type: 'pong' })
    }
    await vi.advanceTimersByTimeAsync(5_000)
    expect(state().connection).toBe('online')
  })

  test('pauses after being told that there are too many, not all for the same time', async () => {
    installFakeServer()
    const { socket } = await connected()
    socket.drop(4029)
    await vi.advanceTimersByTimeAsync(24_999)
    expect(sockets).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets).toHaveLength(2)
  })

  test.each([
    [1012, '{"retryAfterMs":7000}', 7000],
    [1001, '{"retryAfterMs":7000}', 7000],
    [4029, '{"retryAfterMs":7000}', 7000],
    [1012, '{"retryAfterMs":90000}', 30_000],
    [1012, 'restarting', 1000],
    [1012, '{"retryAfterMs":"soon"}', 1000],
  ])('after close code %i with the reason %s comes back in %i ms', async (code, reason, pause) => {
    installFakeServer()
    const { socket } = await connected()
    socket.drop(code, reason)
    await vi.advanceTimersByTimeAsync(pause - 1)
    expect(sockets).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets).toHaveLength(2)
  })

  test('a server that takes connections and drops them is not tried for ever', async () => {
    installFakeServer()
    const { socket, state } = await connected()
    socket.drop(1011)
    for (const seconds of [1, 2, 4, 8, 16]) {
      await vi.advanceTimersByTimeAsync(seconds * 1000)
      latestSocket().accept()
      await settle()
      latestSocket().drop(1011)
    }
    expect(state().connection).toBe('offline')
  })

  test.each([4001, 4003])('asks for a session again after close code %i', async (code) => {
    const { requests } = installFakeServer()
    const { socket } = await connected()
    socket.drop(code)
    await vi.advanceTimersByTimeAsync(1000)
    expect(requests.map(({ token }) => token)).toEqual([undefined, 'token-1'])
  })

  test('offers to ask again when nobody is answering a stored question', async () => {
    storage.update({ current: KEPT })
    installFakeServer(({ path }) => {
      if (path.includes('/init')) return { json: sessionStarted({ lastSeq: 1 }) }
      return { json: { messages: [stored(1, 'user', 'Still there?')] } }
    })
    const { conversation, socket, state } = await connected()
    socket.push({ type: 'session_ack', sessionId: 'sess_1', lastSeq: 1 })
    await vi.advanceTimersByTimeAsync(3000)
    expect(state().transcript[0]?.failure).toEqual({ code: 'UNANSWERED', retryable: true })
    conversation.retry('m1')
    expect(socket.frames('user_message')).toMatchObject([{ messageId: 'm1', content: 'Still there?' }])
  })

  test('does not call a question unanswered any longer once somebody answers it', async () => {
    storage.update({ current: KEPT })
    installFakeServer(({ path }) => {
      if (path.includes('/init')) return { json: sessionStarted({ lastSeq: 1 }) }
      return { json: { messages: [stored(1, 'user', 'Still there?')] } }
    })
    const { socket, state } = await connected()
    socket.push({ type: 'session_ack', sessionId: 'sess_1', lastSeq: 1 })
    await vi.advanceTimersByTimeAsync(3000)
    socket.push({ type: 'status', status: 'typing' })
    expect(state().transcript[0]?.failure).toBeUndefined()
  })

  test('shows an answer that a crash made the server begin anew in place of its first beginning', async () => {
    installFakeServer()
    const { conversation, socket, state } = await connected()
    conversation.send('Question')
    const messageId = socket.frames('user_message')[0]?.messageId as string
    socket.push(
      { type: 'ack', messageId, seq: 1 },
      { type: 'token', messageId: 'm2', delta: 'You may visit from', offset: 0 },
    )
    socket.drop(1006)
    await vi.advanceTimersByTimeAsync(1000)
    latestSocket().accept(1)
    await settle()
    latestSocket().push(
      { type: 'session_ack', sessionId: 'sess_1', lastSeq: 1 },
      { type: 'status', status: 'typing' },
      { type: 'token', messageId: 'other', delta: 'Visits', offset: 0 },
      { type: 'token', messageId: 'other', delta: ' begin', offset: 6 },
    )
    expect(state().transcript.map(({ content }) => content)).toEqual(['Question', 'Visits begin'])
    latestSocket().push(
      {
        type: 'message',
        ...stored(2, 'assistant', 'Visits begin at ten.'),
        messageId: 'third',
        inReplyTo: messageId,
      },
      { type: 'status', status: 'idle' },
    )
    expect(state().transcript.map(({ content }) => content)).toEqual(['Question', 'Visits begin at ten.'])
  })

  test('asks once for the beginning of an answer it came in the middle of', async () => {
    installFakeServer()
    const { socket } = await connected()
    socket.push({ type: 'session_ack', sessionId: 'sess_1', lastSeq: 0 })
    for (let offset = 10; offset < 60; offset += 1)
      socket.push({ type: 'token', messageId: 'm2', delta: 'x', offset })
    expect(socket.frames('init')).toHaveLength(2)
  })

  test('asks for the rest when an event is missing, once', async () => {
    installFakeServer()
    const { socket, state } = await connected()
    socket.push({ type: 'message', ...stored(3, 'user', 'third') })
    expect(socket.frames('init').map(({ lastSeq }) => lastSeq)).toEqual([0, 0])
    socket.push({ type: 'message', ...stored(3, 'user', 'third') })
    expect(socket.frames('init')).toHaveLength(2)
    expect(state().transcript).toHaveLength(1)
  })
})

describe('what goes wrong', () => {
  test('the server cannot be reached at first: tries again', async () => {
    let reachable = false
    installFakeServer(() => (reachable ? undefined : 'unreachable'))
    const conversation = converse()
    conversation.start()
    await settle()
    expect(conversation.state.getState().connection).toBe('reconnecting')
    reachable = true
    await vi.advanceTimersByTimeAsync(1000)
    expect(sockets).toHaveLength(1)
  })

  test.each([
    [429, 'RATE_LIMITED'],
    [503, 'UNAVAILABLE'],
  ])('no session with %i %s: waits as long as the server asks, and a little more', async (status, code) => {
    let refused = true
    installFakeServer(() => (refused ? { status, json: { code }, retryAfter: 20 } : undefined))
    converse().start()
    await settle()
    refused = false
    await vi.advanceTimersByTimeAsync(24_999)
    expect(sockets).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets).toHaveLength(1)
  })

  test.each([
    [404, 'UNKNOWN_PROJECT'],
    [403, 'ORIGIN_NOT_ALLOWED'],
  ])('a refusal with %i %s is final, and nothing is asked again', async (status, code) => {
    const { requests } = installFakeServer(() => ({ status, json: { code } }))
    const conversation = converse()
    conversation.start()
    await vi.advanceTimersByTimeAsync(60_000)
    conversation.wake()
    conversation.start()
    await settle()
    expect(conversation.state.getState().refusal).toBe('unavailable')
    expect(listener.onProblem).toHaveBeenCalledExactlyOnceWith(code)
    expect(requests).toHaveLength(1)
  })

  test('the answer fails: its beginning goes, the question can be asked again', async () => {
    installFakeServer()
    const { conversation, socket, state } = await connected()
    conversation.send('Question')
    const messageId = socket.frames('user_message')[0]?.messageId as string
    socket.push(
      { type: 'ack', messageId, seq: 1 },
      { type: 'token', messageId: 'm2', delta: 'Begun', offset: 0 },
    )
    socket.push({ type: 'error', code: 'AI_ERROR', message: 'x', messageId, retryable: true })
    expect(state().transcript).toMatchObject([{ failure: { code: 'AI_ERROR', retryable: true } }])
    conversation.retry(messageId)
    expect(socket.frames('user_message').map((frame) => frame.messageId)).toEqual([messageId, messageId])
  })

  test('a failure that is told again on a return is no news, and takes nothing from the answer being written', async () => {
    installFakeServer()
    const { conversation, socket, state } = await connected()
    conversation.send('One')
    conversation.send('Two')
    const [one, two] = socket.frames('user_message').map(({ messageId }) => messageId) as [string, string]
    const failure = {
      type: 'error',
      code: 'AI_ERROR',
      message: 'x',
      messageId: one,
      retryable: true,
    } as const
    socket.push({ type: 'ack', messageId: one, seq: 1 }, { type: 'ack', messageId: two, seq: 2 }, failure)
    socket.push({ type: 'token', messageId: 'm3', delta: 'Begun', offset: 0 })
    socket.push(failure, { ...failure, messageId: 'of another page' })
    expect(state().transcript.map(({ content, failure }) => [content, failure?.code])).toEqual([
      ['One', 'AI_ERROR'],
      ['Two', undefined],
      ['Begun', undefined],
    ])
    expect(listener.onProblem).toHaveBeenCalledOnce()
    expect(listener.onDelivery).toHaveBeenCalledOnce()
  })

  test('a message is refused: it is marked, and stays', async () => {
    installFakeServer()
    const { conversation, socket, state } = await connected()
    conversation.send('Too much')
    const messageId = socket.frames('user_message')[0]?.messageId as string
    socket.push({ type: 'error', code: 'TOO_LARGE', message: 'x', messageId, retryable: false })
    expect(state().transcript).toMatchObject([
      { delivery: 'failed', failure: { code: 'TOO_LARGE', retryable: false } },
    ])
  })

  test('frames that are not JSON or not known change nothing', async () => {
    installFakeServer()
    const { socket, state } = await connected()
    const before = state()
    socket.onmessage?.({ data: 'not json' })
    socket.onmessage?.({ data: '{"type":"of_tomorrow"}' })
    expect(state()).toBe(before)
  })
})

describe('ending', () => {
  test('a new conversation keeps the key to the one before it', async () => {
    let count = 0
    installFakeServer(() => {
      count += 1
      return { status: 201, json: sessionStarted({ sessionId: `sess_${count}`, token: `token-${count}` }) }
    })
    const { conversation, socket, state } = await connected()
    socket.push({ type: 'message', ...stored(1, 'assistant', 'Hello') })
    conversation.startNew()
    await settle()
    expect(storage.read()).toMatchObject({
      current: { sessionId: 'sess_2' },
      earlier: [{ sessionId: 'sess_1' }],
    })
    expect(state().transcript).toEqual([])
  })

  test('tabs that follow to a new conversation never see an end', async () => {
    let count = 0
    installFakeServer(() => {
      count += 1
      return { status: 201, json: sessionStarted({ sessionId: `sess_${count}` }) }
    })
    const { conversation } = await connected()
    const update = vi.spyOn(storage, 'update')
    conversation.startNew()
    await settle()
    const currents = update.mock.calls
      .filter(([changes]) => 'current' in changes)
      .map(([{ current }]) => current?.sessionId)
    expect(currents).toEqual(['sess_2'])
  })

  test('a conversation in which nothing was said is not kept', async () => {
    installFakeServer()
    const { conversation } = await connected()
    conversation.startNew()
    expect(storage.read().earlier).toEqual([])
  })

  test('erases every conversation of the device, on the server first', async () => {
    const { requests } = installFakeServer(({ path }) => (path.endsWith('/end') ? { json: {} } : undefined))
    const { conversation, state } = await connected()
    storage.update({ earlier: [{ ...KEPT, sessionId: 'sess_0', token: 'old-token' }] })
    await conversation.endAndErase()
    expect(requests.filter(({ path }) => path.endsWith('/end'))).toMatchObject([
      { path: '/v1/sessions/sess_1/end', token: 'token-1', body: { erase: true } },
      { path: '/v1/sessions/sess_0/end', token: 'old-token', body: { erase: true } },
    ])
    expect(localStorage.length).toBe(0)
    expect(state()).toMatchObject({ refusal: 'ended', transcript: [] })
    expect(listener.onSession).toHaveBeenLastCalledWith(null, false)
    expect(listener.onForgotten).toHaveBeenCalledOnce()
  })

  test('who begins again after erasing is somebody new', async () => {
    const { requests } = installFakeServer(({ path }) => (path.endsWith('/end') ? { json: {} } : undefined))
    const { conversation } = await connected()
    await conversation.endAndErase()
    conversation.startNew()
    await settle()
    const [first, second] = requests
      .filter(({ path }) => path.endsWith('/init'))
      .map(({ body, token }) => ({ token, id: (body as { widgetInstanceId: string }).widgetInstanceId }))
    expect(second?.token).toBeUndefined()
    expect(second?.id).toMatch(/^wgt_/)
    expect(second?.id).not.toBe(first?.id)
    expect(storage.read()).toMatchObject({ widgetInstanceId: second?.id, current: { sessionId: 'sess_1' } })
  })

  test('forgets nothing while the server cannot be told to erase it', async () => {
    installFakeServer(({ path }) => (path.endsWith('/end') ? 'unreachable' : undefined))
    const { conversation } = await connected()
    await expect(conversation.endAndErase()).rejects.toThrow()
    expect(storage.read().current?.sessionId).toBe('sess_1')
  })

  test('ended elsewhere: close code 4008 clears what was said and stops trying', async () => {
    installFakeServer()
    const { socket, state } = await connected()
    socket.push({ type: 'message', ...stored(1, 'assistant', 'Secret') })
    socket.drop(4008)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(state()).toMatchObject({ refusal: 'ended', transcript: [] })
    expect(storage.read().current).toBeUndefined()
    expect(sockets).toHaveLength(1)
  })

  test('follows another tab to a new conversation, or to its end', async () => {
    installFakeServer()
    const { conversation, state } = await connected()
    const otherTab = new DeviceStorage('key')
    otherTab.update({ current: { ...KEPT, sessionId: 'sess_2' } })
    conversation.followDevice()
    await settle()
    latestSocket().accept()
    await settle()
    otherTab.update({ current: undefined })
    conversation.followDevice()
    expect(state()).toMatchObject({ refusal: 'ended', transcript: [] })
  })
})
