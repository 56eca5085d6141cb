import { expect, test } from '../environment/test'

test('an answer is copied as it is read', async ({ page, widget, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto('/demo')
  await widget.open()
  const answer = await widget.ask('When can I visit my mother?')
  await answer.getByRole('button', { name: 'Copy' }).click()
  await expect(widget.announcer).toHaveText('Copied.')
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  expect(copied).toContain('8 pm')
  expect(copied).not.toContain('**')
})

test('a source shows the words that the answer rests on', async ({ page, widget }) => {
  await page.goto('/demo')
  await widget.open()
  const answer = await widget.ask('When can I visit my mother?')
  const button = answer.getByRole('button', { name: 'Show the passage from Visiting hours' })
  await button.focus()
  await page.keyboard.press('Enter')
  await expect(answer.locator('.passage')).toContainText('10 am to 8 pm')
  await page.keyboard.press('Enter')
  await expect(answer.locator('.passage')).toBeHidden()
})

test('one finds again what was said, and where', async ({ page, widget }) => {
  await page.goto('/demo')
  await widget.open()
  await widget.ask('When can I visit my mother?')
  await widget.openView('Your conversations')
  await widget.panel.getByRole('button', { name: 'Start a new conversation' }).click()
  await widget.connected()
  await widget.ask('What does parking cost?')
  await widget.openView('Your conversations')
  await widget.panel.getByRole('searchbox', { name: 'Search your conversations' }).fill('MOTHER')
  await expect(widget.panel.getByText('1 message found')).toBeVisible()
  await expect(widget.panel.locator('mark')).toHaveText('mother')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(widget.panel.getByText('An earlier conversation, to read only.')).toBeVisible()
  await expect(widget.panel.locator('.message.found')).toContainText('When can I visit my mother?')
  await expect(widget.panel.locator('.message.found')).toBeInViewport()
})

test('a conversation is printed from a frame of its own, and nothing of the page with it', async ({
  page,
  widget,
}) => {
  await page.addInitScript(() => {
    window.print = () => {
      ;(window.top as unknown as { printed: string }).printed = document.body.textContent ?? ''
    }
  })
  await page.goto('/demo')
  await widget.open()
  await widget.ask('When can I visit my mother?')
  await widget.openView('Settings')
  await widget.panel.getByRole('button', { name: 'Print' }).click()
  const printed = () => page.evaluate(() => (window as unknown as { printed?: string }).printed ?? '')
  await expect.poll(printed).toContain('When can I visit my mother?')
  expect(await printed()).toContain('8 pm')
  expect(await printed()).not.toContain('Good care')
})
