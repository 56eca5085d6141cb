import { STATES } from '@kuzushi/widget-gallery/states'
import { test as base, expect, type Page } from '@playwright/test'
import { serveGallery } from '../../scripts/widget-gallery.mjs'
import { chromium } from './chromium'

export const states = Object.entries(STATES).map(([name, { wide = false }]) => ({ name, wide }))

export interface Look {
  width: number
  height: number
  scheme: 'light' | 'dark'
  locale?: string
}

/** `test` with the gallery of the widget instead of a server, each worker its own. */
export const test = base.extend<{ gallery: Gallery }, { galleryUrl: string }>({
  galleryUrl: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names from the pattern
    async ({}, use) => {
      const { url, close } = await serveGallery()
      await use(url)
      await close()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  gallery: async ({ page, galleryUrl }, use) => use(new Gallery(page, galleryUrl)),
  // Letters are drawn without what a machine's own settings would do to them.
  launchOptions: {
    ...chromium,
    args: [...(chromium.args ?? []), '--font-render-hinting=none', '--disable-lcd-text'],
  },
})

export class Gallery {
  readonly page: Page
  readonly #url: string

  constructor(page: Page, url: string) {
    this.page = page
    this.#url = url
  }

  /** Opens a state, and waits until it is reached and nothing moves. */
  async show(state: string, { width, height, scheme, locale }: Look): Promise<void> {
    const query = new URLSearchParams({ state, scheme, ...(locale && { locale }) })
    await this.page.setViewportSize({ width, height })
    await this.page.goto(`${this.#url}/state.html?${query}`)
    const html = this.page.locator('html')
    await expect(html.or(this.page.locator('html[data-failed]')).first()).toHaveAttribute('data-ready', state)
    await this.page.mouse.move(0, 0)
  }
}

export { expect }
