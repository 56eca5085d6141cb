import { afterEach, expect, test } from 'vitest'
import { installFakeServer } from '../testing/fake-server'
import { Api } from './api'
import { listConversations } from './archive'
import { DeviceStorage, type KeptConversation } from './device-record'

afterEach(() => localStorage.clear())

const kept = (name: string): KeptConversation => ({
  sessionId: `sess_${name}`,
  token: name,
  expiresAt: '2099-01-01T00:00:00.000Z',
  startedAt: '2026-01-01T00:00:00.000Z',
})

test('lists the current conversation first, those the server could not be asked about too, and forgets those that are gone', async () => {
  const storage = new DeviceStorage('key')
  storage.update({ current: kept('now'), earlier: [kept('gone'), kept('unsure'), kept('old')] })
  installFakeServer(({ token }) => {
    if (token === 'gone') return { status: 401, json: { code: 'INVALID_TOKEN' } }
    if (token === 'unsure') return 'unreachable'
    const sessionId = `sess_${token}`
    return { json: { sessions: [{ sessionId, createdAt: 'c', lastActiveAt: 'l', messageCount: 3 }] } }
  })
  const list = await listConversations(new Api('https://api.test/'), storage)
  expect(
    list.map(({ kept: { token }, isCurrent, summary }) => [token, isCurrent, summary?.messageCount]),
  ).toEqual([
    ['now', true, 3],
    ['unsure', false, undefined],
    ['old', false, 3],
  ])
  expect(storage.read().earlier.map(({ token }) => token)).toEqual(['unsure', 'old'])
})
