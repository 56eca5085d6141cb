import { expect, test, vi } from 'vitest'
import { stored } from '../testing/fake-server'
import type { Api } from './api'
import { find, HistorySearch } from './search'

const marked = (text: string, query: string) =>
  find(text, query)?.map(([start, end]) => text.slice(start, end))

test.each([
  ['What does parking cost?', 'PARK', ['park']],
  ['What does parking cost?', 'cost park', ['park', 'cost']],
  ['Café and cafe', 'cafe', ['Café', 'cafe']],
  ['Fu\u00dfg\u00e4nger', 'fußganger', ['Fußgänger']],
  ['e\u0301tage', 'étage', ['e\u0301tage']],
  ['مُسْتَشْفى', 'مستشفى', ['مُسْتَشْفى']],
  ['探视时间是几点', '时间', ['时间']],
  ['Tiếng Việt', 'tieng viet', ['Tiếng', 'Việt']],
  ['😀 hello 😀', 'hello', ['hello']],
  ['aaa', 'aa', ['aa']],
  ['visiting', 'vis visit', ['visit']],
])('in %j, %j finds %j', (text, query, expected) => {
  expect(marked(text, query)).toEqual(expected)
})

test.each(['', '   ', 'parking bus'])('%j finds nothing', (query) => {
  expect(find('What does parking cost?', query)).toBeUndefined()
})

const kept = (sessionId: string) => ({ sessionId, token: 't', expiresAt: '', startedAt: '' })

test('reads every page once, looks in what was said and not in notices, and shows the newest first', async () => {
  const messages = vi.fn(async (_: unknown, { before }: { before?: string } = {}) =>
    before
      ? { messages: [stored(1, 'user', 'Where can I park?')] }
      : {
          messages: [stored(2, 'system', 'Do not park here'), stored(3, 'assistant', 'Park in the garage.')],
          before: 'older',
        },
  )
  const search = new HistorySearch({ messages } as unknown as Api)
  const first = await search.search([kept('a')], 'park')
  expect(first.found.map(({ message }) => message.seq)).toEqual([3, 1])
  expect(first.incomplete).toBe(false)
  await search.search([kept('a')], 'garage')
  expect(messages).toHaveBeenCalledTimes(2)
})

test('says when a conversation could not be read, and asks again next time', async () => {
  const messages = vi
    .fn()
    .mockRejectedValueOnce(new TypeError('Failed to fetch'))
    .mockResolvedValue({ messages: [stored(1, 'user', 'Parking')] })
  const search = new HistorySearch({ messages } as unknown as Api)
  expect(await search.search([kept('a')], 'parking')).toEqual({ found: [], incomplete: true })
  expect((await search.search([kept('a')], 'parking')).found).toHaveLength(1)
})
