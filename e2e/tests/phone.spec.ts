import type { Locator } from '@playwright/test'
import { expect, test } from '../environment/test'

for (const { width, height } of [
  { width: 390, height: 844 },
  { width: 320, height: 568 },
])
  test.describe(`on a phone ${width} wide`, () => {
    test.use({ viewport: { width, height }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 })

    test('the panel is the screen, nothing is cut off, and closing gives the page back', async ({
      page,
      widget,
    }) => {
      await page.goto('/demo')
      const scrollBefore = await page.evaluate(() => scrollY)
      await widget.launcher.tap()
      await widget.connected()
      const fillsScreen = async () => {
        // Polled, because it comes in with a movement.
        await expect.poll(() => widget.panel.boundingBox()).toEqual({ x: 0, y: 0, width, height })
        const overflow = await widget.panel.evaluate((panel) =>
          [panel, ...panel.querySelectorAll('.scroller, .page, .header, .composer, .footer, .confirm')]
            .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
            .map(({ className }) => className),
        )
        expect(overflow).toEqual([])
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
      }
      await fillsScreen()
      // The keyboard is not wanted before the visitor has seen what there is.
      await expect(widget.input).not.toBeFocused()
      expect(Number.parseFloat(await fontSize(widget.input))).toBeGreaterThanOrEqual(16)

      await widget.input.tap()
      await widget.ask('When can I visit my mother?')
      await fillsScreen()
      await widget.openView('Settings')
      await widget.panel.getByRole('radio', { name: 'Largest' }).check()
      await fillsScreen()
      await widget.panel.getByRole('button', { name: 'End and erase' }).click()
      await page.route('**/end', (route) => route.abort())
      await widget.panel.getByRole('button', { name: 'Erase', exact: true }).click()
      await expect(widget.panel.getByRole('button', { name: 'Forget on this device only' })).toBeVisible()
      await fillsScreen()
      await widget.panel.getByRole('button', { name: 'Keep' }).click()
      await widget.back()
      await fillsScreen()
      expect(Number.parseFloat(await fontSize(widget.input))).toBeGreaterThanOrEqual(16)

      await widget.panel.getByRole('button', { name: 'Close chat' }).tap()
      await expect(widget.panel).toBeHidden()
      await expect(widget.launcher).toBeVisible()
      expect(await page.evaluate(() => scrollY)).toBe(scrollBefore)
    })

    test('everything to tap is large enough for a thumb', async ({ page, widget }) => {
      await page.goto('/demo')
      await widget.launcher.tap()
      await widget.ask('When can I visit my mother?')
      const tooSmall = async () =>
        widget.panel
          .getByRole('button')
          .or(widget.panel.locator('a.source'))
          .evaluateAll((targets) =>
            targets
              .map((target) => ({
                name: target.ariaLabel ?? target.textContent,
                ...target.getBoundingClientRect().toJSON(),
              }))
              .filter((target) => target.width < 36 || target.height < 36)
              .map(({ name, width, height }) => `${name}: ${width} × ${height}`),
          )
      expect(await tooSmall()).toEqual([])
      await widget.openView('Settings')
      expect(await tooSmall()).toEqual([])
    })

    test('above the keyboard there is still room to read and to write', async ({ page, widget }) => {
      await page.goto('/demo')
      await widget.launcher.tap()
      await widget.ask('When can I visit my mother?')
      await widget.input.tap()
      // What a phone's keyboard leaves, about.
      await page.setViewportSize({ width, height: 300 })
      await expect(widget.input).toBeInViewport({ ratio: 1 })
      await expect(widget.sendButton).toBeInViewport({ ratio: 1 })
      expect((await widget.transcript.boundingBox())?.height).toBeGreaterThan(80)
    })
  })

async function fontSize(element: Locator): Promise<string> {
  return element.evaluate((found) => getComputedStyle(found).fontSize)
}
