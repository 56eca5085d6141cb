import { typed } from '../environment/canary'
import { clinic } from '../environment/host-pages'
import { expect, test } from '../environment/test'

test.beforeEach(async ({ page, server, site }) => {
  await page.goto(clinic(site, server, 'riverside-plain'))
})

test('what a visitor types is shown as typed, whatever it looks like', async ({
  page,
  widget,
  complaints,
}) => {
  const hostile =
    '<img src=x onerror=alert(1)> [look](javascript:alert(2)) **bold** <script>alert(3)</script>\nline two'
  const dialogs: string[] = []
  page.on('dialog', async (dialog) => {
    dialogs.push(dialog.message())
    await dialog.dismiss()
  })
  await widget.open()
  await widget.ask(hostile)
  const bubble = widget.questions.locator('.bubble')
  expect(await bubble.evaluate((element) => element.textContent)).toBe(typed(hostile))
  expect(await bubble.evaluate((element) => element.childElementCount)).toBe(0)

  await page.reload()
  await expect(bubble).toBeVisible()
  expect(await bubble.evaluate((element) => element.textContent)).toBe(typed(hostile))
  expect(dialogs).toEqual([])
  expect(complaints).toEqual([])
})

test('markup and addresses that could harm come through an answer as text', async ({
  page,
  widget,
  complaints,
}) => {
  await widget.open()
  const answer = await widget.ask('Where are the guest computers?')
  await expect(answer).toContainText('The guest computers stand in the lobby.')
  await expect(answer).toContainText('<img src=x onerror="window.broken = 1">')
  await expect(answer).toContainText('<script>window.broken = 2</script>')
  await expect(answer.locator('img, script')).toHaveCount(0)

  const links = answer.getByRole('link')
  await expect(links).toHaveText(['house rules'])
  await expect(links).toHaveAttribute('href', 'https://www.riverside-clinic.example/rules')
  await expect(links).toHaveAttribute('rel', /noopener/)
  await expect(links).toHaveAttribute('target', '_blank')

  // The article's own address is no page either: the source is named, and leads nowhere.
  await expect(answer.locator('.source')).toContainText('Guest computers <b>in the lobby</b>')
  expect(await page.evaluate(() => 'broken' in window)).toBe(false)
  expect(complaints).toEqual([])
})

test('a message that is too long is held back, with the reason, until it is shorter', async ({ widget }) => {
  await widget.open()
  await widget.input.fill('x'.repeat(7_700))
  await expect(widget.panel.getByText('300 characters left')).toBeVisible()
  await widget.input.fill('x'.repeat(8_001))
  await expect(widget.panel.getByText('This message is too long. Please shorten it.')).toBeVisible()
  await expect(widget.sendButton).toBeDisabled()
  await widget.input.press('Enter')
  await expect(widget.questions).toHaveCount(0)
  await widget.ask('x'.repeat(8_000 - typed('').length))
  await expect(widget.questions).toHaveCount(1)
})
