import { afterEach, expect, test } from 'vitest'
import { installFakeServer, stored } from '../testing/fake-server'
import { Api } from './api'
import { listConversations } from './archive'
import { DeviceStorage, type KeptConversation } from './device-record'
import { entryFrom } from './transcript'

afterEach(() => localStorage.clear())

const nothingOnPage = { transcript: [], olderCursor: undefined }

const kept = (name: string): KeptConversation => ({
  sessionId: `sess_${name}`,
  token: name,
  expiresAt: '2099-01-01T00:00:00.000Z',
  startedAt: '2026-01-01T00:00:00.000Z',
})

test('lists the current conversation first, those the server could not be asked about too, and forgets those that are gone', async () => {
  const storage = new DeviceStorage('key')
  storage.update({ current: kept('now'), earlier: [kept('gone'), kept('unsure'), kept('old')] })
  installFakeServer(({ token, path }) => {
    if (path.includes('/messages')) return { status: 404 }
    if (token === 'gone') return { status: 401, json: { code: 'INVALID_TOKEN' } }
    if (token === 'unsure') return 'unreachable'
    const sessionId = `sess_${token}`
    return { json: { sessions: [{ sessionId, createdAt: 'c', lastActiveAt: 'l', messageCount: 3 }] } }
  })
  const list = await listConversations(new Api('https://api.test/'), storage, nothingOnPage)
  expect(
    list.map(({ kept: { token }, isCurrent, summary }) => [token, isCurrent, summary?.messageCount]),
  ).toEqual([
    ['now', true, 3],
    ['unsure', false, undefined],
    ['old', false, 3],
  ])
  expect(storage.read().earlier.map(({ token }) => token)).toEqual(['unsure', 'old'])
})

test('names each by the first thing asked, and leaves out one in which nothing was said', async () => {
  const storage = new DeviceStorage('key')
  storage.update({ current: kept('empty'), earlier: [kept('old')] })
  const { requests } = installFakeServer(({ token, path }) => {
    if (path.includes('/messages'))
      return { json: { messages: token === 'old' ? [stored(1, 'user', 'Where can I park?')] : [] } }
    const messageCount = token === 'old' ? 2 : 0
    const sessionId = `sess_${token}`
    return { json: { sessions: [{ sessionId, createdAt: 'c', lastActiveAt: 'l', messageCount }] } }
  })
  const list = await listConversations(new Api('https://api.test/'), storage, nothingOnPage)
  expect(list.map(({ kept: { token }, firstQuestion }) => [token, firstQuestion])).toEqual([
    ['old', 'Where can I park?'],
  ])
  expect(requests).toContainEqual(
    expect.objectContaining({ path: '/v1/sessions/sess_old/messages?limit=1&after=0', token: 'old' }),
  )
})

test('names the current one by what the page shows of it while the server is away, where that is all of it', async () => {
  const storage = new DeviceStorage('key')
  storage.update({ current: kept('now'), earlier: [kept('old')] })
  installFakeServer(() => 'unreachable')
  const transcript = [stored(1, 'user', 'Where can I park?'), stored(2, 'assistant', 'In the garage.')].map(
    entryFrom,
  )
  const named = async (olderCursor: string | undefined) => {
    const list = await listConversations(new Api('https://api.test/'), storage, { transcript, olderCursor })
    return list.map(({ firstQuestion }) => firstQuestion)
  }
  expect(await named(undefined)).toEqual(['Where can I park?', undefined])
  expect(await named('older')).toEqual([undefined, undefined])
})
