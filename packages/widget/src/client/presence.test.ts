import { expect, test, vi } from 'vitest'
import { Presence } from './presence'

test('says once what was seen', () => {
  const tell = vi.fn()
  const presence = new Presence(tell)
  presence.seen(undefined)
  presence.seen('msg_1')
  presence.seen('msg_1')
  presence.seen('msg_2')
  expect(tell.mock.calls).toEqual([
    [{ type: 'read', messageId: 'msg_1' }],
    [{ type: 'read', messageId: 'msg_2' }],
  ])
})
