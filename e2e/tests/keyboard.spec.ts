import type { Page } from '@playwright/test'
import { expect, test } from '../environment/test'

/** The name of what has the focus, inside the widget or outside. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    let element = document.activeElement
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
    return element?.ariaLabel || element?.textContent?.trim() || element?.localName || ''
  })
}

async function pressUntil(page: Page, key: string, name: string | RegExp): Promise<void> {
  const passed: string[] = []
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press(key)
    const now = await focused(page)
    if (typeof name === 'string' ? now === name : name.test(now)) return
    passed.push(now)
  }
  throw new Error(`${key} never came to ${name}, only to: ${passed.join(' | ')}`)
}

test('the whole journey with the keyboard alone', async ({ page, context, widget }) => {
  await page.goto('/demo')
  await expect(widget.launcher).toBeVisible()
  // The launcher is the page's last stop.
  await page.keyboard.press('Shift+Tab')
  await expect(widget.launcher).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(widget.input).toBeFocused()
  await widget.connected()

  await test.step('a suggested question', async () => {
    await pressUntil(page, 'Shift+Tab', 'When can I visit my mother?')
    await page.keyboard.press('Enter')
    await widget.wholeAnswer(0)
    await expect(widget.input, 'the focus is not lost with the suggestion').toBeFocused()
  })

  await test.step('a typed question, in two lines', async () => {
    await page.keyboard.type('What does parking cost?')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('For a day')
    await expect(widget.input).toHaveValue('What does parking cost?\nFor a day')
    await page.keyboard.press('Enter')
    await expect(widget.input).toHaveValue('')
    await widget.wholeAnswer(1)
  })

  await test.step('a source', async () => {
    await pressUntil(page, 'Shift+Tab', /^Parking/)
    const [article] = await Promise.all([context.waitForEvent('page'), page.keyboard.press('Enter')])
    await expect(article.getByRole('heading', { level: 1 })).toHaveText('Parking')
    await article.close()
  })

  await test.step('scrolling the conversation', async () => {
    await pressUntil(page, 'Shift+Tab', 'Conversation')
    await page.keyboard.press('Home')
    await expect.poll(() => widget.transcript.evaluate(({ scrollTop }) => scrollTop)).toBe(0)
  })

  await test.step('settings and the dialog', async () => {
    await pressUntil(page, 'Shift+Tab', 'Settings')
    await page.keyboard.press('Enter')
    await expect(widget.panel.getByRole('heading', { name: 'Settings' })).toBeFocused()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await expect(widget.panel.getByRole('radio', { name: 'Standard' })).toBeFocused()
    await page.keyboard.press('ArrowRight')
    await expect(widget.panel.getByRole('radio', { name: 'Large', exact: true })).toBeChecked()

    await pressUntil(page, 'Tab', 'End and erase')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'End and erase everything?' })
    await expect(dialog.getByRole('button', { name: 'Keep' })).toBeFocused()
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
    await expect(widget.panel).toBeVisible()
    await expect(widget.panel.getByRole('button', { name: 'End and erase' })).toBeFocused()

    await pressUntil(page, 'Shift+Tab', 'Back to chat')
    await page.keyboard.press('Enter')
    await expect(widget.input).toBeFocused()
  })

  await test.step('history', async () => {
    await pressUntil(page, 'Shift+Tab', 'Your conversations')
    await page.keyboard.press('Enter')
    await expect(widget.panel.getByRole('heading', { name: 'Your conversations' })).toBeFocused()
    await pressUntil(page, 'Tab', 'Start a new conversation')
    await page.keyboard.press('Enter')
    await expect(widget.input).toBeFocused()
  })

  await page.keyboard.press('Escape')
  await expect(widget.panel).toBeHidden()
  await expect(widget.launcher).toBeFocused()
})

test('the focus can be seen wherever it is', async ({ page, widget }) => {
  await page.goto('/demo')
  await expect(widget.launcher).toBeVisible()
  await page.keyboard.press('Shift+Tab')
  const ring = () =>
    page.evaluate(() => {
      let element = document.activeElement as Element
      while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
      // The field around the text shows it, or the label of a radio button.
      const candidates = [element, element.nextElementSibling, element.closest('.composer-field, label')]
      return candidates.some((candidate) => {
        if (!candidate) return false
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(candidate)
        return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none'
      })
    })
  expect(await ring()).toBe(true)
  await page.keyboard.press('Enter')
  await widget.connected()
  const unseen: string[] = []
  for (let stop = 0; stop < 12; stop += 1) {
    await page.keyboard.press('Shift+Tab')
    if ((await page.evaluate(() => document.activeElement?.localName)) !== 'kuzushi-widget') break
    if (!(await ring())) unseen.push(await focused(page))
  }
  expect(unseen).toEqual([])
})

test('on a phone the keyboard stays in the panel that covers the page', async ({ page, widget }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto('/demo')
  await widget.open()
  for (let stop = 0; stop < 20; stop += 1) {
    await page.keyboard.press('Tab')
    const where = await page.evaluate(() => document.activeElement?.localName)
    // Between the last stop and the first, the focus is the browser's own.
    expect(['kuzushi-widget', 'body']).toContain(where)
  }
  await page.keyboard.press('Escape')
  await expect(widget.panel).toBeHidden()
  await expect(widget.launcher).toBeFocused()
})
