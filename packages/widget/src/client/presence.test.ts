import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Presence } from './presence'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('says now and then that somebody writes, and once that they do no longer', () => {
  const tell = vi.fn()
  const presence = new Presence(tell)
  presence.writing('')
  expect(tell).not.toHaveBeenCalled()
  for (const draft of ['H', 'He', 'Hel']) presence.writing(draft)
  expect(tell.mock.calls).toEqual([[{ type: 'typing', active: true }]])
  vi.advanceTimersByTime(4_000)
  presence.writing('Hello')
  presence.writing('  ')
  presence.writing('')
  expect(tell.mock.calls.slice(1)).toEqual([
    [{ type: 'typing', active: true }],
    [{ type: 'typing', active: false }],
  ])
})

test('never says what is written, and says once what was seen', () => {
  const tell = vi.fn()
  const presence = new Presence(tell)
  presence.writing('my knee hurts')
  presence.seen('msg_1')
  presence.seen('msg_1')
  presence.seen(undefined)
  expect(JSON.stringify(tell.mock.calls)).not.toContain('knee')
  expect(tell.mock.calls.slice(1)).toEqual([[{ type: 'read', messageId: 'msg_1' }]])
})
