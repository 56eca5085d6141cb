import { afterEach, expect, test, vi } from 'vitest'
import { refuseToStore } from '../testing/storage'
import { Outbox, type WaitingMessage } from './outbox'

afterEach(() => {
  vi.unstubAllGlobals()
  localStorage.clear()
})

const message = (messageId: string, second: number, sessionId?: string): WaitingMessage => ({
  messageId,
  ...(sessionId && { sessionId }),
  content: `content of ${messageId}`,
  createdAt: `2026-01-01T10:00:${String(second).padStart(2, '0')}.000Z`,
})

const ids = (messages: WaitingMessage[]) => messages.map(({ messageId }) => messageId)

test('outlives the page, in the order written, and tabs that write at once lose nothing', () => {
  const [one, other] = [new Outbox('key'), new Outbox('key')]
  one.put(message('msg_b', 2))
  other.put(message('msg_a', 1))
  one.put(message('msg_c', 3))
  expect(ids(new Outbox('key').all())).toEqual(['msg_a', 'msg_b', 'msg_c'])
  other.remove('msg_b')
  expect(ids(one.all())).toEqual(['msg_a', 'msg_c'])
})

test('knows nothing of other widgets on the page', () => {
  new Outbox('kuzushi:project:a').put(message('msg_a', 1))
  expect(new Outbox('kuzushi:project:').all()).toEqual([])
})

test('takes out what was written for other conversations, and leaves what has none yet', () => {
  const outbox = new Outbox('key')
  outbox.put(message('msg_a', 1, 'sess_1'))
  outbox.put(message('msg_b', 2, 'sess_2'))
  outbox.put(message('msg_c', 3))
  expect(ids(outbox.takeOthers('sess_2'))).toEqual(['msg_a'])
  expect(ids(outbox.all())).toEqual(['msg_b', 'msg_c'])
  expect(ids(outbox.takeOthers())).toEqual(['msg_b', 'msg_c'])
  expect(localStorage.length).toBe(0)
})

test.each(['not json', '"text"', 'null', '{"messageId":"other","content":"x"}', '{"messageId":"msg_a"}'])(
  'passes over an entry that is not ours: %s',
  (entry) => {
    localStorage.setItem('key#msg_a', entry)
    expect(new Outbox('key').all()).toEqual([])
  },
)

test.each(['SecurityError', 'QuotaExceededError'])(
  'keeps in memory what storage refuses with %s, and says so',
  (name) => {
    const onNotKept = vi.fn()
    const outbox = new Outbox('key', onNotKept)
    outbox.put(message('msg_a', 1))
    expect(onNotKept).not.toHaveBeenCalled()
    refuseToStore(name)
    outbox.put(message('msg_b', 2))
    expect(onNotKept).toHaveBeenCalled()
    expect(ids(outbox.all())).toEqual(['msg_a', 'msg_b'])
    expect(ids(new Outbox('key').all())).toEqual(['msg_a'])
    outbox.remove('msg_b')
    expect(ids(outbox.all())).toEqual(['msg_a'])
  },
)

test('works where the page may not even look at its storage', () => {
  const blocked = () => {
    throw new DOMException('blocked', 'SecurityError')
  }
  vi.stubGlobal('localStorage', {
    getItem: blocked,
    setItem: blocked,
    removeItem: blocked,
    key: blocked,
    length: 1,
  })
  const outbox = new Outbox('key')
  outbox.put(message('msg_a', 1))
  expect(ids(outbox.all())).toEqual(['msg_a'])
  outbox.remove('msg_a')
  expect(outbox.all()).toEqual([])
})
