import { test as base, expect } from '@playwright/test'
import { PageWatch } from './canary'
import type { HostSite } from './host-site'
import { KuzushiServer } from './kuzushi-server'
import { site } from './site-fixture'
import { Widget } from './widget'

interface PerWorker {
  server: KuzushiServer
  site: HostSite
}

interface PerTest {
  /** The widget that floats on `page`. */
  widget: Widget
  /** What the page's console and its `window.onerror` said, as `kind: text`. A test that expects nothing checks that it is empty. */
  complaints: string[]
  /** Brings a dead server back after the test. */
  living: undefined
  /** What a patient typed is looked for after the test, where it must not be. */
  secrecy: undefined
}

/** `test` with a running Kuzushi and a hospital's website, each worker its own. */
export const test = base.extend<PerTest, PerWorker>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names from the pattern
    async ({}, use) => {
      const server = await KuzushiServer.start()
      await use(server)
      await server.dispose()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  site: [...site],
  living: [
    async ({ server, site }, use) => {
      await use(undefined)
      site.clear()
      await server.revive()
    },
    { auto: true },
  ],
  secrecy: [
    // With `page`, because what a test opens last is closed first, and pages have to be open still.
    async ({ page, server }, use) => {
      const watch = new PageWatch(page.context(), () => server.url)
      await use(undefined)
      const found = [...(await watch.found()), ...(await server.leaks())]
      expect(found, 'where what a patient typed must not be').toEqual([])
    },
    { auto: true },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  widget: async ({ page }, use) => use(new Widget(page)),
  complaints: async ({ page }, use) => {
    const complaints: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()))
        complaints.push(`${message.type()}: ${message.text()}`)
    })
    page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
    await use(complaints)
  },
})

export { expect }
