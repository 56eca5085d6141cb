import { clinic } from '../environment/host-pages'
import { letters, storedMessages } from '../environment/stored'
import { expect, test } from '../environment/test'

const RECONNECTING = 'No connection. Trying again…'

// A server that dies takes every test of its worker along, so these are not run beside others of the same worker; the
// worker's own server is brought back after each.
test('the server is killed and comes back: the widget says so, reconnects by itself and goes on', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, 'riverside-plain'))
  await widget.open()
  await widget.ask('How do I prepare for my stay?')

  await server.kill()
  await expect(widget.panel.getByText(RECONNECTING)).toBeVisible()
  await expect(widget.panel.getByText('Not connected')).toBeVisible()
  await widget.send('Where are the guest computers?')
  await expect(widget.questions.last()).toContainText('Will be sent when the connection is back')
  await expect(widget.answers).toContainText('call the front desk')

  await server.start()
  await widget.connected()
  await expect(widget.panel.getByText(RECONNECTING)).toBeHidden()
  await expect(await widget.wholeAnswer(1)).toContainText('stand in the lobby')
  await expect(widget.questions).toHaveCount(2)

  await page.reload()
  await expect(widget.questions).toHaveText([/How do I prepare/, /Where are the guest computers/])
  await expect(widget.answers).toHaveCount(2)
})

test('killed in the middle of an answer: the answer ends up whole, once', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, 'riverside-unhurried'))
  await widget.open()
  await widget.send('How do I prepare for my stay?')
  await expect(widget.answers).toContainText('two days before')
  await expect(widget.stopButton).toBeVisible()

  await server.restart()
  const answer = await widget.wholeAnswer(0)
  const text = (await answer.locator('.prose').textContent()) ?? ''
  expect(text.match(/call the front desk/g)).toHaveLength(1)
  expect(text).toContain('until you are back')
  await expect(widget.answers).toHaveCount(1)
  await expect(widget.questions).toHaveCount(1)
  const stored = await storedMessages(page, server, 'riverside-unhurried')
  expect(stored.map(({ role }) => role)).toEqual(['user', 'assistant'])
  expect(letters(stored[1]?.content)).toBe(letters(text))

  await page.reload()
  await expect(widget.answers.locator('.prose')).toHaveText(text)
})

test('stopped for an update in the middle of an answer: the answer ends up whole, once, without anybody asking', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, 'riverside-unhurried'))
  await widget.open()
  await widget.send('How do I prepare for my stay?')
  await expect(widget.answers).toContainText('two days before')
  await server.stop()
  await server.start()
  await widget.connected()
  const text = await (await widget.wholeAnswer(0)).locator('.prose').textContent()
  await expect(widget.answers).toHaveCount(1)
  const stored = await storedMessages(page, server, 'riverside-unhurried')
  expect(stored.map(({ role }) => role)).toEqual(['user', 'assistant'])
  expect(letters(text)).toBe(letters(stored[1]?.content))
  expect(text).toContain('until you are back')
})

test('after five tries it stops, says that nothing is lost, and comes back when asked', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.clock.install()
  await page.goto(clinic(site, server, 'riverside-plain'))
  await widget.open()
  await widget.ask('How do I prepare for my stay?')
  await server.kill()
  await expect(widget.panel.getByText(RECONNECTING)).toBeVisible()
  await widget.send('Where are the guest computers?')

  const gaveUp = widget.panel.getByText('Not connected. Your conversation is safe.')
  await expect(async () => {
    await page.clock.fastForward(31_000)
    await expect(gaveUp).toBeVisible({ timeout: 500 })
  }).toPass()
  await expect(widget.questions.last()).toContainText('Will be sent when the connection is back')

  await server.start()
  await widget.panel.locator('.banner').getByRole('button', { name: 'Try again' }).click()
  await widget.connected()
  await expect(await widget.wholeAnswer(1)).toContainText('stand in the lobby')
})
