import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BrowserContext, Page } from '@playwright/test'

/**
 * A number that everything typed through a `Widget` carries, so that it can be looked for where it must not be. The server's
 * own tests use the same (`kuzushi_store::testing::canary`).
 */
export const CANARY = '7730119358264'

/** What a patient typed, with the canary in it. */
export function typed(text: string): string {
  return `${text} ${CANARY}`
}

/** The only places of a browser that hold what was typed: what waits in the outbox, and the draft. */
const KEPT = /^(local|session)Storage kuzushi:.*#/

const LINES_KEPT = 50

/** The files in a folder, and in its folders, that hold the canary. */
export async function filesWithCanary(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    // SQLite removes its write-ahead log when it likes.
    const content = await readFile(path).catch((error) => {
      if (error.code === 'ENOENT') return Buffer.of()
      throw error
    })
    if (content.includes(CANARY)) found.push(path)
  }
  return found
}

/** Looks for the canary in a log, line by line. */
export class LogWatch {
  /** The last lines, for whoever has to read why something ended. */
  readonly end: string[] = []
  readonly found: string[] = []
  readonly #words: string[]

  /** @param words further words to look for, whatever their case. */
  constructor(words: string[] = []) {
    this.#words = words.map((word) => word.toLowerCase())
  }

  hear(line: string): void {
    this.end.push(line)
    if (this.end.length > LINES_KEPT) this.end.shift()
    const lower = line.toLowerCase()
    if (line.includes(CANARY) || this.#words.some((word) => lower.includes(word))) this.found.push(line)
  }
}

/** Looks for the canary in what the pages of one browser context ask for, print and keep. */
export class PageWatch {
  readonly #context: BrowserContext
  readonly #found: string[] = []

  /** @param home the one origin that may be sent what was typed. */
  constructor(context: BrowserContext, home: () => string) {
    this.#context = context
    context.on('request', (request) => {
      this.#look('an address', request.url())
      if (new URL(request.url()).origin !== home())
        this.#look(`a request to ${request.url()}`, request.postData())
    })
    context.on('console', (message) => this.#look('the console', message.text()))
    const watch = (page: Page) => {
      page.on('websocket', (socket) => this.#look("a socket's address", socket.url()))
      page.on('framenavigated', (frame) => this.#look("a page's address", frame.url()))
    }
    context.on('page', watch)
    for (const page of context.pages()) watch(page)
  }

  /** Where it was found since the beginning, the pages that are open now included. */
  async found(): Promise<string[]> {
    for (const page of this.#context.pages()) {
      for (const [place, text] of await keptBy(page)) if (!KEPT.test(place)) this.#look(place, text)
    }
    for (const cookie of await this.#context.cookies()) this.#look('a cookie', JSON.stringify(cookie))
    return this.#found
  }

  #look(place: string, text: string | null): void {
    if (text?.includes(CANARY) && !this.#found.includes(place)) this.#found.push(place)
  }
}

/** Everything a page shows to whoever looks at it from outside of the widget, or leaves in the browser, by place. */
function keptBy(page: Page): Promise<[string, string][]> {
  return page.evaluate(async (canary) => {
    const places: [string, string][] = [
      ['its address', location.href],
      ['its title', document.title],
      ["the window's name", window.name],
      ["the history's state", JSON.stringify(history.state) ?? ''],
      ["the page's own markup", document.documentElement.outerHTML],
      [
        'its resources',
        performance
          .getEntries()
          .map(({ name }) => name)
          .join(),
      ],
    ]
    // Where a browser, or a test, lets a page keep nothing, asking for it is an error.
    const ifAny = async (look: () => unknown) => {
      try {
        await look()
      } catch (error) {
        if (!(error instanceof DOMException)) throw error
      }
    }
    for (const kind of ['localStorage', 'sessionStorage'] as const)
      await ifAny(() => {
        for (const [key, value] of Object.entries(window[kind]))
          places.push([`${kind} ${key}`, `${key} ${value}`])
      })
    // Nothing here uses these. What is in one is not looked at: that there is one is enough.
    await ifAny(async () => {
      for (const { name } of await indexedDB.databases()) places.push([`IndexedDB ${name}`, canary])
    })
    await ifAny(async () => {
      // A page that is not secure has none.
      const caches = window.caches as CacheStorage | undefined
      for (const name of (await caches?.keys()) ?? []) places.push([`the cache ${name}`, canary])
    })
    return places
  }, CANARY)
}
