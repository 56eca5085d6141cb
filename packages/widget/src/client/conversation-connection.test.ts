import { describe, expect, test, vi } from 'vitest'
import { connected, settle, storage } from '../testing/conversation'
import { installFakeServer, latestSocket, sessionStarted, sockets, stored } from '../testing/fake-server'
import { KEPT } from '../testing/kept-conversation'

/** A conversation in which a question is being answered, as far as "Part one". */
async function inAnAnswer() {
  installFakeServer()
  const { conversation, socket, state } = await connected()
  conversation.send('Question')
  const messageId = socket.frames('user_message')[0]?.messageId as string
  socket.push({ type: 'ack', messageId, seq: 1 }, { type: 'status', status: 'typing' })
  socket.push({ type: 'token', messageId: 'm2', delta: 'Part one', offset: 0 })
  return { conversation, socket, state }
}

describe('a lost connection', () => {
  test('comes back, asks for what was missed, and continues the answer without a gap or a repeat', async () => {
    const { socket, state } = await inAnAnswer()
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

  test('stays gone while only what was under way still arrives, and is found dead all the same', async () => {
    const { conversation, socket, state } = await inAnAnswer()
    conversation.networkLost()
    await vi.advanceTimersByTimeAsync(4_000)
    socket.push(
      { type: 'status', status: 'typing' },
      { type: 'token', messageId: 'm2', delta: ', part two', offset: 8 },
    )
    expect(state()).toMatchObject({ connection: 'reconnecting', answering: false })
    await vi.advanceTimersByTimeAsync(4_999)
    expect(socket.readyState).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(socket.readyState).toBe(3)
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
