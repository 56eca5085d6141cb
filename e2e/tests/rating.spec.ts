import { expectAccessible } from '../environment/accessibility'
import { typed } from '../environment/canary'
import { expect, test } from '../environment/test'
import type { Widget } from '../environment/widget'

const helpful = (widget: Widget) => widget.panel.getByRole('button', { name: 'Helpful', exact: true })
const notHelpful = (widget: Widget) => widget.panel.getByRole('button', { name: 'Not helpful' })

test('an answer is rated by keyboard, and the rating is there after a reload', async ({
  page,
  widget,
  complaints,
}) => {
  await page.goto('/demo')
  await widget.open()
  await widget.ask('When can I visit my mother?')
  await helpful(widget).focus()
  await page.keyboard.press('Space')
  await expect(helpful(widget)).toHaveAttribute('aria-pressed', 'true')
  await expect(widget.announcer).toHaveText('Thank you for telling us.')
  await page.reload()
  await expect(helpful(widget)).toHaveAttribute('aria-pressed', 'true')

  await notHelpful(widget).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await expect(widget.panel.getByLabel(/What was wrong or missing/)).toBeFocused()
  await page.keyboard.type(typed('On Sundays?'))
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(notHelpful(widget)).toBeFocused()
  await page.reload()
  await expect(notHelpful(widget)).toHaveAttribute('aria-pressed', 'true')
  await notHelpful(widget).click()
  await expect(notHelpful(widget)).toHaveAttribute('aria-pressed', 'false')
  await page.reload()
  await expect(notHelpful(widget)).toHaveAttribute('aria-pressed', 'false')
  expect(complaints).toEqual([])
})

test('a rating shows in the other tabs at once, and goes there as well', async ({
  page,
  context,
  widget,
}) => {
  await page.goto('/demo')
  await widget.open()
  await widget.ask('When can I visit my mother?')
  const beside = await context.newPage()
  const widgetBeside = widget.on(beside)
  await beside.goto('/demo')
  await widgetBeside.open()
  await expect(helpful(widgetBeside)).toHaveAttribute('aria-pressed', 'false')

  await helpful(widget).click()
  await expect(helpful(widgetBeside)).toHaveAttribute('aria-pressed', 'true')
  await notHelpful(widgetBeside).click()
  await expect(notHelpful(widget)).toHaveAttribute('aria-pressed', 'true')
  await expect(helpful(widget)).toHaveAttribute('aria-pressed', 'false')
  await notHelpful(widget).click()
  await expect(notHelpful(widgetBeside)).toHaveAttribute('aria-pressed', 'false')
})

for (const [name, viewport, colorScheme, forcedColors] of [
  ['desktop', { width: 1280, height: 800 }, 'light', 'none'],
  ['desktop-dark', { width: 1280, height: 800 }, 'dark', 'none'],
  ['desktop-forced', { width: 1280, height: 800 }, 'dark', 'active'],
  ['phone', { width: 390, height: 844 }, 'light', 'none'],
  ['small-phone', { width: 320, height: 568 }, 'dark', 'none'],
] as const)
  test.describe(name, () => {
    test.use({ viewport, colorScheme, contextOptions: { forcedColors } })

    test('rating fits, and everybody can read it', async ({ page, widget }, testInfo) => {
      await page.goto('/demo')
      await widget.open()
      if (colorScheme === 'dark') {
        await widget.openView('Settings')
        await widget.panel.getByRole('radio', { name: 'Dark' }).check()
        await widget.back()
      }
      await widget.ask('When can I visit my mother?')
      for (const button of [helpful(widget), notHelpful(widget)]) {
        const box = await button.boundingBox()
        expect(Math.min(box?.width ?? 0, box?.height ?? 0), 'WCAG 2.5.8').toBeGreaterThanOrEqual(24)
      }
      await page.screenshot({ path: testInfo.outputPath(`rating-${name}.png`) })
      await notHelpful(widget).click()
      await expect(widget.panel.getByLabel(/What was wrong or missing/)).toBeInViewport()
      const overflow = await widget.panel.evaluate((panel) =>
        [panel, ...panel.querySelectorAll('.rating, .rating-comment')]
          .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
          .map(({ className }) => className),
      )
      expect(overflow).toEqual([])
      if (forcedColors === 'none') await expectAccessible(page, 'rating an answer', 'kuzushi-widget')
      await page.screenshot({ path: testInfo.outputPath(`rating-why-${name}.png`) })
    })
  })
