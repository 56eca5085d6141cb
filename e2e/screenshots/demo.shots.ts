import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import { expect, test } from '../environment/test'
import type { Widget } from '../environment/widget'

/** Pictures are part of the repository: each one has to stay small. */
const MOST_BYTES = 300 * 1024

const DESKTOP = { width: 1440, height: 900 }
const PHONE = { width: 390, height: 844 }

async function take(page: Page, name: string): Promise<void> {
  const path = fileURLToPath(new URL(`../../docs/images/${name}.png`, import.meta.url))
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' })
  expect((await stat(path)).size, `${name}.png is too large`).toBeLessThan(MOST_BYTES)
}

async function converse(widget: Widget, ...questions: string[]): Promise<void> {
  await widget.open()
  for (const question of questions) {
    const before = await widget.answers.count()
    // As a visitor types it: without the number that tests look for everywhere.
    await widget.input.fill(question)
    await widget.input.press('Enter')
    await widget.wholeAnswer(before)
  }
}

/** Nothing pointed at, nothing focused but the field to write in. */
async function settle(page: Page, widget: Widget): Promise<void> {
  await page.mouse.move(10, 10)
  await widget.input.focus()
}

test.describe('desktop', () => {
  test.use({ viewport: DESKTOP })

  test('welcome', async ({ page, widget }) => {
    await page.goto('/demo')
    await widget.open()
    await settle(page, widget)
    await take(page, 'welcome')
  })

  test('conversation', async ({ page, widget }) => {
    await page.goto('/demo')
    await converse(widget, 'When can I visit my mother?')
    await settle(page, widget)
    await take(page, 'conversation')
  })

  test('dark', async ({ page, widget }) => {
    await page.goto('/demo')
    await converse(widget, 'When can I visit my mother?', 'What does parking cost?')
    await widget.openView('Settings')
    await widget.panel.getByRole('radio', { name: 'Dark' }).check()
    await widget.back()
    await settle(page, widget)
    await take(page, 'conversation-dark')
  })

  test('staff dashboard', async ({ page, widget }) => {
    await page.goto('/demo/staff')
    await converse(widget, 'Who is on call for cardiology?')
    await settle(page, widget)
    await take(page, 'staff-dashboard')
  })
})

test.describe('phone', () => {
  test.use({ viewport: PHONE, isMobile: true, hasTouch: true, deviceScaleFactor: 2 })

  test('conversation', async ({ page, widget }) => {
    await page.goto('/demo')
    await converse(widget, 'When can I visit my mother?')
    await widget.transcript.focus()
    await page.locator('body').evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    await take(page, 'conversation-phone')
  })
})

for (const [name, options] of [
  ['emergency', { viewport: { width: 1280, height: 800 } }],
  ['emergency-phone', { viewport: PHONE, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }],
] as const)
  test.describe(name, () => {
    test.use(options)

    test('whom to call', async ({ page, widget }) => {
      await page.goto('/demo')
      await converse(widget, 'I took too many sleeping pills and I want to die')
      await expect(widget.panel.getByRole('region', { name: 'In an emergency' })).toBeVisible()
      await page.locator('body').evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
      await take(page, name)
    })
  })
