import type { Page } from '@playwright/test'
import { expectAccessible } from '../environment/accessibility'
import { expect, states, test } from '../environment/gallery'

test.use({ locale: 'en-US', timezoneId: 'America/New_York' })

/** What is wider than the room it has, and what is smaller than a fingertip wants. */
function misfits(page: Page, smallest: number): Promise<string[]> {
  return page.evaluate((smallest) => {
    const root = document.querySelector('kuzushi-widget')?.shadowRoot as ShadowRoot
    const seen = (element: Element) => element.checkVisibility({ visibilityProperty: true })
    const wide = [...root.querySelectorAll('.panel, .panel *')]
      // Words for screen readers alone have no width; where there is little, those of the button that ends a call are such.
      .filter(
        (element) =>
          seen(element) && !element.closest('.sr-only, .call-end span, pre, .choice-row input, svg'),
      )
      // What ends in an ellipsis does so on purpose, and what a line clamp hides is in its full text elsewhere.
      .filter((element) => !/ellipsis/.test(getComputedStyle(element).textOverflow))
      .filter(({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth + 1)
      .map(
        ({ className, scrollWidth, clientWidth }) => `${className} is ${scrollWidth} wide in ${clientWidth}`,
      )
    const small = [...root.querySelectorAll<HTMLElement>('button, select, input, textarea, a')]
      // A link within a sentence is as high as its line (WCAG 2.5.8, inline).
      .filter((target) => seen(target) && !target.closest('.prose, p'))
      .map((target) => ({ target, box: (target.closest('label') ?? target).getBoundingClientRect() }))
      .filter(({ box }) => box.width < smallest || box.height < smallest)
      .map(({ target, box }) => `${target.ariaLabel ?? target.textContent}: ${box.width} × ${box.height}`)
    return [...wide, ...small]
  }, smallest)
}

for (const { name } of states)
  test(`${name} fits a page magnified to four times, and can be hit`, async ({ gallery, page }) => {
    // 1280 by 1024 points at 400 %.
    await gallery.show(name, { width: 320, height: 256, scheme: 'light' })
    expect(await misfits(page, 24)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320)
  })

test('magnified to twice, what one writes and what was said are in sight together', async ({
  gallery,
  page,
}) => {
  for (const name of ['conversation', 'emergency', 'welcome']) {
    await gallery.show(name, { width: 640, height: 400, scheme: 'light' })
    await expect(page.locator('.composer textarea')).toBeInViewport({ ratio: 1 })
    await expect(page.getByRole('log')).toBeInViewport()
    const height = await page.getByRole('log').evaluate(({ clientHeight }) => clientHeight)
    expect(height, name).toBeGreaterThan(60)
  }
})

test('magnified to four times, whom to call in an emergency comes first', async ({ gallery, page }) => {
  await gallery.show('emergency', { width: 320, height: 256, scheme: 'light' })
  await expect(page.getByRole('region', { name: 'In an emergency' })).toBeInViewport()
})

test('with the largest text, magnified to four times, all can be reached by scrolling', async ({
  gallery,
  page,
}) => {
  await gallery.show('largest', { width: 320, height: 256, scheme: 'light' })
  for (const name of ['Settings', 'Send'])
    await page.getByRole('button', { name, exact: true }).scrollIntoViewIfNeeded()
  await expect(page.getByRole('button', { name: 'Send', exact: true })).toBeInViewport({ ratio: 1 })
  expect(await misfits(page, 24)).toEqual([])
})

/** What a screen reader is given, where something is to be understood or decided. */
for (const name of [
  'welcome',
  'conversation',
  'passage',
  'emergency',
  'offline',
  'unavailable',
  'ended',
  'history',
  'search',
  'settings',
  'sign-in-wrong',
  'erase',
  'login-ending',
  'arabic',
])
  test(`the accessibility tree of ${name}`, async ({ gallery, page }) => {
    await gallery.show(name, { width: 768, height: 800, scheme: 'light' })
    await expect(page.locator('kuzushi-widget')).toMatchAriaSnapshot({ name: `${name}.aria.yml` })
  })

for (const name of [
  'launcher-unread',
  'welcome',
  'conversation',
  'refused',
  'emergency',
  'search',
  'settings',
  'erase',
])
  test(`${name} in the colours that a system chose`, async ({ gallery, page }) => {
    await page.emulateMedia({ forcedColors: 'active' })
    await gallery.show(name, { width: 360, height: 740, scheme: 'light' })
    await expect(page).toHaveScreenshot(`${name}-forced.png`, {
      maxDiffPixelRatio: 0.001,
      threshold: 0.25,
      animations: 'disabled',
      caret: 'hide',
    })
    await expectAccessible(page, `${name}, forced colours`, 'kuzushi-widget')
  })

test('who asks for less motion sees none', async ({ gallery, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  for (const name of ['typing', 'streaming', 'passage']) {
    await gallery.show(name, { width: 360, height: 740, scheme: 'light' })
    const moving = await page.evaluate(
      () => document.querySelector('kuzushi-widget')?.shadowRoot?.getAnimations().length,
    )
    expect(moving, name).toBe(0)
  }
})

test('who asks for more contrast gets no grey text', async ({ gallery, page }) => {
  await page.emulateMedia({ contrast: 'more' })
  await gallery.show('conversation', { width: 360, height: 740, scheme: 'light' })
  const [meta, ink] = await page
    .locator('.answer-foot time')
    .last()
    .evaluate((time) => [
      getComputedStyle(time).color,
      getComputedStyle(time.closest('.panel') as Element).color,
    ])
  expect(meta).toBe(ink)
})

test.describe('on a phone', () => {
  test.use({ hasTouch: true, isMobile: true })

  test('the gesture that goes back closes the panel, and leaves the page where it is', async ({
    gallery,
    page,
  }) => {
    await gallery.show('conversation', { width: 360, height: 740, scheme: 'light' })
    const address = page.url()
    const panel = page.locator('kuzushi-widget dialog.panel')
    // What Android's gesture does to a modal dialog.
    await panel.evaluate((dialog) => (dialog as HTMLDialogElement & { requestClose(): void }).requestClose())
    await expect(panel).toBeHidden()
    await expect(page.locator('kuzushi-widget button.launcher')).toBeFocused()
    expect(page.url()).toBe(address)
  })

  test('no field makes a phone zoom into the page', async ({ gallery, page }) => {
    for (const [name, field] of [
      ['conversation', '.composer textarea'],
      ['search', '[type=search]'],
      ['sign-in', '[type=email]'],
      ['sign-in', '[type=password]'],
      ['rating-why', '.rating-comment textarea'],
      ['settings', 'select'],
    ] as const) {
      await gallery.show(name, { width: 360, height: 740, scheme: 'light' })
      const size = await page
        .locator(field)
        .evaluate((found) => Number.parseFloat(getComputedStyle(found).fontSize))
      expect(size, `${field} of ${name}`).toBeGreaterThanOrEqual(16)
    }
  })
})
