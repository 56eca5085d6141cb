import { clinic } from '../environment/host-pages'
import { letters, storedMessages } from '../environment/stored'
import { expect, test } from '../environment/test'

const PLAINLY = 'You are offline. Go on writing: messages wait here and are sent when you are back.'

test('offline is said in words at once, writing goes on, and all of it is sent when the network is back', async ({
  page,
  context,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, 'riverside-plain'))
  await widget.open()
  await context.setOffline(true)
  await expect(widget.panel.getByRole('status').filter({ hasText: PLAINLY })).toBeVisible({ timeout: 2_000 })
  await expect(widget.panel.getByText('Not connected')).toBeVisible()
  await widget.send('Where are the guest computers?')
  await expect(widget.questions).toContainText('Will be sent when the connection is back')
  await expect(widget.announcer).toHaveText('Will be sent when the connection is back')

  await context.setOffline(false)
  await expect(await widget.wholeAnswer(0)).toContainText('stand in the lobby')
  await expect(widget.panel.getByText(PLAINLY)).toBeHidden()
  const stored = await storedMessages(page, server, 'riverside-plain')
  expect(stored.map(({ role }) => role)).toEqual(['user', 'assistant'])
})

test('an answer that goes on while the page is offline is whole when it is back', async ({
  page,
  context,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, 'riverside-unhurried'))
  await widget.open()
  await widget.send('How do I prepare for my stay?')
  await expect(widget.answers).toContainText('two days')
  await context.setOffline(true)
  await expect(widget.panel.getByText(PLAINLY)).toBeVisible()
  await expect(widget.answers).toContainText('The answer goes on when the connection is back.')
  await expect(widget.stopButton).toBeHidden()
  await context.setOffline(false)
  const answer = await widget.wholeAnswer(0)
  await expect(answer).not.toContainText('The answer goes on')
  const [, stored] = await storedMessages(page, server, 'riverside-unhurried')
  const shown = (await answer.locator('.prose').textContent()) ?? ''
  expect(shown.match(/call the front desk/g)).toHaveLength(1)
  expect(letters(stored?.content)).toBe(letters(shown))
  await expect(widget.answers).toHaveCount(1)
})
