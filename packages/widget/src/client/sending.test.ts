import { afterEach, describe, expect, test, vi } from 'vitest'
import { converse, settle, storage } from '../testing/conversation'
import {
  type FakeSocket,
  installFakeServer,
  latestSocket,
  sessionStarted,
  sockets,
  stored,
} from '../testing/fake-server'
import { KEPT, listener } from '../testing/kept-conversation'
import { refuseToStore } from '../testing/storage'
import { DeviceStorage } from './device-record'
import { MOST_WAITING, Outbox } from './outbox'

afterEach(() => vi.unstubAllGlobals())

/** A tab of the site. */
function tab() {
  const conversation = converse(new DeviceStorage('key'))
  const transcript = () => conversation.state.getState().transcript
  return { conversation, transcript, delivery: () => transcript().map(({ delivery }) => delivery) }
}

async function connectedTab() {
  const one = tab()
  one.conversation.start()
  await settle()
  const socket = latestSocket().accept()
  await settle()
  return { ...one, socket }
}

const waitingIds = () => new Outbox('key').all().map(({ messageId }) => messageId)
const sentIds = (socket: FakeSocket) => socket.frames('user_message').map(({ messageId }) => messageId)

describe('a message that the server has not acknowledged', () => {
  test('is there after a reload, in its place, and goes out once under its own id', async () => {
    let reachable = true
    storage.update({ current: KEPT })
    installFakeServer(({ path }) => {
      if (!reachable) return 'unreachable'
      if (path.includes('/init')) return { json: sessionStarted({ lastSeq: 2 }) }
      return { json: { messages: [stored(1, 'user', 'Hello'), stored(2, 'assistant', 'Hi')] } }
    })
    const before = await connectedTab()
    reachable = false
    before.socket.drop()
    before.conversation.send('First')
    before.conversation.send('Second')
    const written = waitingIds()
    expect(written).toHaveLength(2)
    before.conversation.stop()

    const after = tab()
    after.conversation.start()
    expect(after.transcript().map(({ content }) => content)).toEqual(['First', 'Second'])
    expect(after.delivery()).toEqual(['sending', 'sending'])
    await settle()
    reachable = true
    await vi.advanceTimersByTimeAsync(1000)
    const socket = latestSocket().accept(2)
    await settle()
    expect(after.transcript().map(({ content }) => content)).toEqual(['Hello', 'Hi', 'First', 'Second'])
    expect(sentIds(socket)).toEqual(written)
    socket.push(...written.map((messageId, index) => ({ type: 'ack' as const, messageId, seq: 3 + index })))
    expect(after.delivery().slice(2)).toEqual(['sent', 'sent'])
    expect(waitingIds()).toEqual([])
  })

  test('written before there was a conversation goes into the one that begins', async () => {
    let reachable = false
    installFakeServer(() => (reachable ? undefined : 'unreachable'))
    const { conversation, delivery } = tab()
    conversation.send('Is anybody there?')
    await settle()
    expect(delivery()).toEqual(['sending'])
    reachable = true
    await vi.advanceTimersByTimeAsync(1000)
    const socket = latestSocket().accept()
    await settle()
    expect(sentIds(socket)).toEqual(waitingIds())
    expect(new Outbox('key').all()).toMatchObject([{ sessionId: 'sess_1' }])
    expect(listener.onReturned).not.toHaveBeenCalled()
  })

  test('was stored all the same: it is not sent again, and its answer follows it', async () => {
    storage.update({ current: KEPT })
    new Outbox('key').put({
      messageId: 'm1',
      sessionId: 'sess_1',
      content: 'Hello',
      createdAt: '2026-01-01T00:00:00.000Z',
    })
    installFakeServer(({ path }) => {
      if (path.includes('/init')) return { json: sessionStarted({ lastSeq: 1 }) }
      return { json: { messages: [stored(1, 'user', 'Hello')] } }
    })
    const { socket, delivery } = await connectedTab()
    expect(sentIds(socket)).toEqual([])
    expect(delivery()).toEqual(['sent'])
    expect(waitingIds()).toEqual([])
  })

  test('returns to its author when its conversation is gone', async () => {
    storage.update({ current: KEPT })
    const box = new Outbox('key')
    box.put({
      messageId: 'msg_1',
      sessionId: 'sess_1',
      content: 'One',
      createdAt: '2026-01-01T00:00:01.000Z',
    })
    box.put({
      messageId: 'msg_2',
      sessionId: 'sess_1',
      content: 'Two',
      createdAt: '2026-01-01T00:00:02.000Z',
    })
    installFakeServer(({ token }) =>
      token ? { status: 401 } : { json: sessionStarted({ sessionId: 'sess_2' }) },
    )
    const { socket, transcript } = await connectedTab()
    expect(listener.onReturned).toHaveBeenCalledExactlyOnceWith(['One', 'Two'])
    expect([transcript(), sentIds(socket), waitingIds()]).toEqual([[], [], []])
  })

  test('returns to its author who begins another conversation', async () => {
    let count = 0
    installFakeServer(() => {
      count += 1
      return { json: sessionStarted({ sessionId: `sess_${count}` }) }
    })
    const { conversation, socket, transcript } = await connectedTab()
    socket.drop()
    conversation.send('Never mind')
    conversation.startNew()
    await settle()
    expect(listener.onReturned).toHaveBeenCalledExactlyOnceWith(['Never mind'])
    expect([transcript(), waitingIds()]).toEqual([[], []])
  })

  test('goes with the conversation that is erased', async () => {
    installFakeServer()
    const { conversation, socket } = await connectedTab()
    socket.drop()
    conversation.send('Forget this')
    conversation.forget()
    expect(listener.onReturned).not.toHaveBeenCalled()
    expect(localStorage.length).toBe(0)
  })

  test('can be taken back while it waits', async () => {
    installFakeServer()
    const { conversation, socket, transcript } = await connectedTab()
    socket.drop()
    conversation.send('Wrong')
    const [messageId] = waitingIds() as [string]
    expect(conversation.takeBack(messageId)?.content).toBe('Wrong')
    expect([transcript(), waitingIds()]).toEqual([[], []])
    await vi.advanceTimersByTimeAsync(1000)
    latestSocket().accept()
    await settle()
    expect(sentIds(latestSocket())).toEqual([])
  })

  test('is shown again if it was stored just before it was taken back', async () => {
    installFakeServer()
    const { conversation, socket } = await connectedTab()
    conversation.send('Too late')
    const [messageId] = waitingIds() as [string]
    conversation.takeBack(messageId)
    socket.push({ type: 'ack', messageId, seq: 1 })
    expect(socket.frames('init').at(-1)).toMatchObject({ lastSeq: 0 })
  })

  test('there cannot be more of them than a device should hold', async () => {
    installFakeServer(() => 'unreachable')
    const { conversation, transcript } = tab()
    for (let count = 0; count < MOST_WAITING; count += 1) expect(conversation.send('Hello?')).toBe(true)
    expect(conversation.send('One too many')).toBe(false)
    expect(transcript()).toHaveLength(MOST_WAITING)
  })

  test('where nothing can be stored it waits as long as the page, and that is said', async () => {
    refuseToStore('QuotaExceededError')
    installFakeServer()
    const { conversation, socket } = await connectedTab()
    socket.drop()
    conversation.send('Hello?')
    expect(listener.onNotKept).toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1000)
    latestSocket().accept()
    await settle()
    expect(latestSocket().frames('user_message')).toMatchObject([{ content: 'Hello?' }])
  })
})

describe('a server that cannot take a message now', () => {
  const refusal = (
    messageId: string,
    code: 'INTERNAL' | 'RATE_LIMITED' | 'NOT_ALLOWED',
    retryable: boolean,
  ) => ({ type: 'error', code, message: 'x', messageId, retryable }) as const

  test('gets it again, after longer and longer pauses, together with what was written since', async () => {
    installFakeServer()
    const { conversation, socket, delivery } = await connectedTab()
    conversation.send('First')
    const [first] = waitingIds() as [string]
    socket.push(refusal(first, 'INTERNAL', true))
    expect(delivery()).toEqual(['waiting'])
    conversation.send('Second')
    const [, second] = waitingIds() as [string, string]
    expect(sentIds(socket)).toEqual([first])
    await vi.advanceTimersByTimeAsync(1000)
    expect(sentIds(socket)).toEqual([first, first, second])
    socket.push(refusal(first, 'INTERNAL', true), refusal(second, 'INTERNAL', true))
    await vi.advanceTimersByTimeAsync(1999)
    expect(sentIds(socket)).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(1)
    expect(sentIds(socket).slice(3)).toEqual([first, second])
    socket.push({ type: 'ack', messageId: first, seq: 1 }, { type: 'ack', messageId: second, seq: 2 })
    expect(delivery()).toEqual(['sent', 'sent'])
    // Said when it began to wait, and when it had arrived; not at every try.
    expect(listener.onDelivery.mock.calls.map(([entry]) => entry.delivery)).toEqual(['waiting', 'waiting'])
  })

  test('is not asked for ever: then the visitor decides, and a reload does not', async () => {
    installFakeServer()
    const { conversation, socket, delivery } = await connectedTab()
    conversation.send('Hello?')
    const [messageId] = waitingIds() as [string]
    for (const seconds of [1, 2, 4, 8, 16, 20, 20, 20, 0]) {
      socket.push(refusal(messageId, 'INTERNAL', true))
      await vi.advanceTimersByTimeAsync(seconds * 1000)
    }
    expect(delivery()).toEqual(['failed'])
    expect(sentIds(socket)).toHaveLength(9)
    conversation.stop()

    const after = await connectedTab()
    expect(after.delivery()).toEqual(['failed'])
    expect(sentIds(after.socket)).toEqual([])
    after.conversation.retry(messageId)
    expect(sentIds(after.socket)).toEqual([messageId])
    expect(after.delivery()).toEqual(['sending'])
  })

  test('and never will: the message says why, and is not sent again', async () => {
    installFakeServer()
    const { conversation, socket, transcript } = await connectedTab()
    conversation.send('Hello')
    const [messageId] = waitingIds() as [string]
    socket.push(refusal(messageId, 'NOT_ALLOWED', false))
    expect(transcript()).toMatchObject([
      { delivery: 'failed', failure: { code: 'NOT_ALLOWED', retryable: false } },
    ])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sentIds(socket)).toHaveLength(1)
    expect(listener.onDelivery).toHaveBeenCalledOnce()
  })

  test('says nothing at all: the connection is doubted, and the message sent again', async () => {
    installFakeServer()
    const { conversation, socket, delivery } = await connectedTab()
    conversation.send('Hello?')
    await vi.advanceTimersByTimeAsync(15_000)
    expect(delivery()).toEqual(['waiting'])
    expect(socket.frames('ping')).toHaveLength(1)
    socket.push({ type: 'pong' })
    await vi.advanceTimersByTimeAsync(1000)
    expect(new Set(sentIds(socket))).toEqual(new Set(waitingIds()))
    expect(sentIds(socket)).toHaveLength(2)
  })
})

describe('two tabs', () => {
  /** What the browser tells `listening` of what another tab has just done to its storage. */
  const tell = (listening: ReturnType<typeof tab>, messageId: string) =>
    listening.conversation.followOutbox(`key#${messageId}`)

  test('show a message written in one, also without a connection, and drop it with its author', async () => {
    installFakeServer()
    const one = await connectedTab()
    const other = await connectedTab()
    other.socket.drop()
    one.socket.drop()
    one.conversation.send('Hello')
    const [messageId] = waitingIds() as [string]
    tell(other, messageId)
    expect(other.transcript()).toMatchObject([{ content: 'Hello', delivery: 'sending' }])
    one.conversation.takeBack(messageId)
    tell(other, messageId)
    expect(other.transcript()).toEqual([])
  })

  test('a message stored from one is not taken away from the other', async () => {
    installFakeServer()
    const one = await connectedTab()
    const other = await connectedTab()
    one.conversation.send('Hello')
    const [messageId] = waitingIds() as [string]
    tell(other, messageId)
    other.socket.push({ type: 'message', ...stored(1, 'user', 'Hello'), messageId })
    one.socket.push({ type: 'ack', messageId, seq: 1 })
    tell(other, messageId)
    for (const { transcript } of [one, other])
      expect(transcript()).toMatchObject([{ messageId, delivery: 'sent', seq: 1 }])
    expect(sentIds(other.socket)).toEqual([])
  })

  test('one that slept through what the other did has it right when it wakes', async () => {
    installFakeServer()
    const one = await connectedTab()
    const other = await connectedTab()
    one.socket.drop()
    one.conversation.send('Kept')
    one.conversation.send('Taken back')
    const [kept, takenBack] = waitingIds() as [string, string]
    other.conversation.wake()
    expect(other.transcript().map(({ messageId }) => messageId)).toEqual([kept, takenBack])
    one.conversation.takeBack(takenBack)
    other.conversation.wake()
    expect(other.transcript().map(({ messageId }) => messageId)).toEqual([kept])
    expect(sentIds(other.socket)).toEqual([])
  })

  test('when the one that wrote it is gone before it could be sent, the other sends it under the same id', async () => {
    installFakeServer()
    const one = await connectedTab()
    const other = await connectedTab()
    one.socket.drop()
    one.conversation.send('Hello')
    const [messageId] = waitingIds() as [string]
    one.conversation.stop()
    tell(other, messageId)
    expect(sentIds(other.socket)).toEqual([])
    await vi.advanceTimersByTimeAsync(15_000)
    other.socket.push({ type: 'pong' })
    await vi.advanceTimersByTimeAsync(1000)
    expect(sentIds(other.socket)).toEqual([messageId])
  })

  test('a message that failed in one has failed in the other, and is tried again in both', async () => {
    installFakeServer()
    const one = await connectedTab()
    const other = await connectedTab()
    one.conversation.send('Hello')
    const [messageId] = waitingIds() as [string]
    tell(other, messageId)
    one.socket.push({ type: 'error', code: 'TOO_LARGE', message: 'x', messageId, retryable: false })
    tell(other, messageId)
    expect(other.delivery()).toEqual(['failed'])
    one.conversation.retry(messageId)
    tell(other, messageId)
    expect(other.delivery()).toEqual(['sending'])
  })

  test('the end in one is the end in the other, even if that one never reached the server', async () => {
    installFakeServer(() => 'unreachable')
    const other = tab()
    other.conversation.send('Hello?')
    await settle()
    other.conversation.endedElsewhere()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(other.conversation.state.getState()).toMatchObject({ refusal: 'ended', transcript: [] })
    expect([sockets.length, localStorage.length]).toEqual([0, 0])
  })
})
