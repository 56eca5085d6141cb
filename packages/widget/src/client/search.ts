import type { WireMessage } from '../generated/wire'
import type { Api } from './api'
import type { KeptConversation } from './device-record'

/** Where in a text something was found, in UTF-16 units. */
export type Range = readonly [start: number, end: number]

export interface FoundMessage {
  kept: KeptConversation
  message: WireMessage
  /** As it is read, and what the ranges are in. */
  text: string
  ranges: Range[]
}

/** A search asks for no more of one conversation than this many pages of messages. */
const MOST_PAGES = 10

/**
 * Letters as they are compared: without capitals, accents and vowel signs. `starts` tells for each of them where it stands in
 * the text, whose letters may have been more or fewer.
 */
function folded(text: string): { letters: string; starts: number[] } {
  let letters = ''
  const starts: number[] = []
  let at = 0
  for (const letter of text) {
    const plain = letter.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
    for (let index = 0; index < plain.length; index += 1) starts.push(at)
    letters += plain
    at += letter.length
  }
  starts.push(at)
  return { letters, starts }
}

/** Where a text holds the words looked for, all of them; undefined where one is missing. */
export function find(text: string, query: string): Range[] | undefined {
  const words = folded(query).letters.split(/\s+/).filter(Boolean)
  const { letters, starts } = folded(text)
  const ranges: Range[] = []
  for (const word of words) {
    let at = letters.indexOf(word)
    if (at < 0) return undefined
    for (; at >= 0; at = letters.indexOf(word, at + word.length))
      ranges.push([starts[at] as number, starts[at + word.length] as number])
  }
  return words.length ? merged(ranges) : undefined
}

function merged(ranges: Range[]): Range[] {
  const result: Range[] = []
  for (const [start, end] of ranges.sort(([one], [other]) => one - other)) {
    const last = result.at(-1)
    if (last && start <= last[1]) result[result.length - 1] = [last[0], Math.max(last[1], end)]
    else result.push([start, end])
  }
  return result
}

/**
 * Looks through a visitor's own conversations. In the browser, because the server keeps their words sealed and has no index of
 * them: what is looked for leaves the page no more than what is found does.
 */
export class HistorySearch {
  readonly #api: Api
  /** What of a text is read: without the marks of its formatting. */
  readonly #words: (text: string) => string
  /** What was fetched, for the next letter that is typed. */
  readonly #messages = new Map<string, Promise<WireMessage[]>>()

  constructor(api: Api, words: (text: string) => string = (text) => text) {
    this.#api = api
    this.#words = words
  }

  /** `incomplete`: of some conversations nothing could be fetched. */
  async search(
    conversations: readonly KeptConversation[],
    query: string,
  ): Promise<{ found: FoundMessage[]; incomplete: boolean }> {
    let incomplete = false
    const found = await Promise.all(
      conversations.map(async (kept) => {
        const messages = await this.#messagesOf(kept).catch(() => {
          incomplete = true
          this.#messages.delete(kept.sessionId)
          return []
        })
        return messages.flatMap((message) => {
          if (message.role === 'system') return []
          const text = message.role === 'user' ? message.content : this.#words(message.content)
          const ranges = find(text, query)
          return ranges ? [{ kept, message, text, ranges }] : []
        })
      }),
    )
    const newestFirst = (one: FoundMessage, other: FoundMessage) =>
      Date.parse(other.message.createdAt) - Date.parse(one.message.createdAt)
    return { found: found.flat().sort(newestFirst), incomplete }
  }

  #messagesOf(kept: KeptConversation): Promise<WireMessage[]> {
    const known = this.#messages.get(kept.sessionId) ?? this.#fetchAll(kept)
    this.#messages.set(kept.sessionId, known)
    return known
  }

  async #fetchAll(kept: KeptConversation): Promise<WireMessage[]> {
    const messages: WireMessage[] = []
    let before: string | undefined
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const page = await this.#api.messages(kept, { limit: '200', ...(before && { before }) })
      messages.unshift(...page.messages)
      before = page.before ?? undefined
      if (!before) break
    }
    return messages
  }
}
