import { afterEach, expect, test, vi } from 'vitest'
import { DeviceStorage, type KeptConversation, withEarlier } from './device-record'

afterEach(() => {
  vi.unstubAllGlobals()
  localStorage.clear()
})

const kept = (sessionId: string, expiresAt = '2099-01-01T00:00:00.000Z'): KeptConversation => ({
  sessionId,
  token: `token of ${sessionId}`,
  expiresAt,
  startedAt: '2026-01-01T00:00:00.000Z',
})

test('two tabs share one record', () => {
  const [one, other] = [new DeviceStorage('key'), new DeviceStorage('key')]
  one.update({ current: kept('sess_1') })
  other.update({ unread: 2 })
  expect(one.read()).toMatchObject({ current: { sessionId: 'sess_1' }, unread: 2 })
})

test('works in memory where storage is blocked', () => {
  vi.stubGlobal('localStorage', {
    getItem: () => {
      throw new DOMException('blocked', 'SecurityError')
    },
    setItem: () => {
      throw new DOMException('blocked', 'SecurityError')
    },
  })
  const storage = new DeviceStorage('key')
  storage.update({ current: kept('sess_1') })
  expect(storage.read().current?.sessionId).toBe('sess_1')
})

test.each(['not json', '"text"', '[]', 'null'])(
  'begins anew over a record that is not ours: %s',
  (record) => {
    localStorage.setItem('key', record)
    expect(new DeviceStorage('key').read()).toMatchObject({ earlier: [], unread: 0 })
  },
)

test('erasing leaves nothing, and reading afterwards writes nothing', () => {
  const storage = new DeviceStorage('key')
  storage.update({ widgetInstanceId: 'wgt_1', current: kept('sess_1'), preferences: { textSize: 1.4 } })
  storage.erase()
  expect(storage.read()).toEqual({ earlier: [], unread: 0, preferences: { textSize: 1 } })
  expect(localStorage.length).toBe(0)
})

test('keeps the ten newest earlier conversations, once each, and none that has expired', () => {
  const many = Array.from({ length: 12 }, (_, index) => kept(`sess_${index}`))
  const now = Date.parse('2026-06-01')
  expect(withEarlier(many, kept('sess_5'), now).map(({ sessionId }) => sessionId)).toEqual(
    [5, 0, 1, 2, 3, 4, 6, 7, 8, 9].map((number) => `sess_${number}`),
  )
  expect(withEarlier([kept('old', '2026-01-01')], kept('new'), now)).toHaveLength(1)
})
