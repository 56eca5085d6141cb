import type { Page } from '@playwright/test'
import { embedCode, ordinaryPage } from '../environment/host-pages'
import { expect, test } from '../environment/test'
import type { Widget } from '../environment/widget'

const HOSTILE: Record<string, string> = {
  'unsets everything': '* { all: unset !important }',
  'has a huge root font':
    'html { font-size: 62px !important; line-height: 3 !important; letter-spacing: 4px }',
  'hides every block': 'div, section, dialog, kuzushi-widget > * { display: none !important }',
  'moves and turns everything':
    'body * { position: static !important; transform: rotate(3deg) !important; opacity: .4 !important; z-index: -1 !important }',
  'overrules text': `* { font: 40px/3 monospace !important; color: red !important; background: yellow !important;
     text-transform: uppercase !important; text-align: right !important; direction: rtl !important; letter-spacing: 1em !important;
     visibility: hidden; word-spacing: 2em !important; white-space: nowrap !important; cursor: none !important }`,
  'overrules controls':
    'button, input, textarea, a, ul, li, h2, h3, p, svg { all: initial !important; margin: 50px !important; border: 9px solid red !important; width: 10px !important }',
  'defines our names': `:root { --kz-canvas: red; --kz-ink: red; --kz-text: 4; --kz-radius: 99px; --spacing: 40px; --b: red }
     .widget, .panel, .theme, .launcher, .bubble { display: none !important } @keyframes appear { to { opacity: 0 } }`,
}

/** Where the parts of an open widget are, and every style of theirs that shows. */
async function looks(page: Page, widget: Widget): Promise<Record<string, string>> {
  await widget.open()
  await widget.ask('When can I visit my mother?')
  // The time of day is as wide as its digits.
  await widget.answers.locator('time').evaluateAll((times) => {
    for (const time of times) time.textContent = '12:00 PM'
  })
  await page.mouse.move(0, 0)
  await page.evaluate(() => document.fonts.ready)
  return widget.element.evaluate((element) => {
    const root = element.shadowRoot as ShadowRoot
    for (const animation of root.getAnimations()) animation.finish()
    // How far it had scrolled depends on when the pieces of the answer came.
    for (const scroller of root.querySelectorAll('.scroller')) scroller.scrollTop = 0
    const parts =
      '.launcher, .panel, .header, .brand, .header-title, .icon-button, .icon-button svg, .scroller, .greeting, .bubble, .prose p, .sources-title, .source, .source-name, .composer-field, textarea, .send, .footer, .footer a'
    const found: Record<string, string> = {}
    root.querySelectorAll(parts).forEach((part, index) => {
      const { x, y, width, height } = part.getBoundingClientRect()
      const style = getComputedStyle(part)
      const shown = [...style]
        // Custom properties are inherited from the page and used by nobody here under the page's names.
        .filter((name) => !name.startsWith('--'))
        .map((name) => `${name}: ${style.getPropertyValue(name)}`)
      found[`${index} ${part.className.toString()}`] =
        `${[x, y, width, height].map(Math.round).join(' ')} ${shown.join('; ')}`
    })
    return found
  })
}

for (const [title, css] of Object.entries(HOSTILE)) {
  test(`a page that ${title} changes nothing in the widget`, async ({ page, widget, server, site }) => {
    const body = embedCode(server.url, 'riverside-plain')
    await page.goto(site.add('/plain', ordinaryPage({ body })))
    const plain = await looks(page, widget)
    expect(Object.keys(plain).length).toBeGreaterThan(15)

    await page.evaluate(() => localStorage.clear())
    await page.evaluate(() => sessionStorage.clear())
    await page.goto(site.add('/hostile', ordinaryPage({ head: `<style>${css}</style>`, body })))
    const hostile = await looks(page, widget)
    const changed = Object.keys(plain).filter((part) => plain[part] !== hostile[part])
    expect(
      changed.map((part) => ({ part, ...firstDifference(plain[part] ?? '', hostile[part] ?? '') })),
    ).toEqual([])
  })
}

function firstDifference(
  one: string,
  other: string,
): { plain?: string | undefined; hostile?: string | undefined } {
  const [ones, others] = [one.split('; '), other.split('; ')]
  const index = ones.findIndex((style, at) => style !== others[at])
  return { plain: ones[index], hostile: others[index] }
}
