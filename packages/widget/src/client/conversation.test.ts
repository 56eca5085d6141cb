import { describe, expect, test, vi } from 'vitest'
import { connected, converse, settle, storage } from '../testing/conversation'
import { installFakeServer, latestSocket, sessionStarted, sockets, stored } from '../testing/fake-server'
import { KEPT, listener, visit } from '../testing/kept-conversation'

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
