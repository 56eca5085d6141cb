import { clinic } from '../environment/host-pages'
import { letters, storedMessages } from '../environment/stored'
import { expect, test } from '../environment/test'

test('an answer can be stopped, stays as it was then, and the next question works', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, 'riverside-unhurried'))
  await widget.open()
  await widget.send('How do I prepare for my stay?')
  await expect(widget.answers).toContainText('two days')
  await widget.stopButton.click()
  await expect(widget.answers).toContainText('You stopped this answer.')
  await expect(widget.answers).not.toContainText('until you are back')
  const stopped = (await widget.answers.locator('.prose').textContent()) ?? ''

  await page.reload()
  await expect(widget.answers).toContainText('You stopped this answer.')
  await expect(widget.answers.locator('.prose')).toHaveText(stopped)
  await widget.send('Where are the guest computers?')
  await expect(widget.answers.last()).toContainText('The guest computers stand')
  await expect(widget.answers).toHaveCount(2)
})

test('an answer goes on while the page is gone, and is whole when it comes back', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, 'riverside-unhurried'))
  await widget.open()
  await widget.send('How do I prepare for my stay?')
  await expect(widget.answers).toContainText('two days')
  await page.reload()
  const answer = await widget.wholeAnswer(0)
  const text = (await answer.locator('.prose').textContent()) ?? ''
  expect(text.match(/call the front desk/g)).toHaveLength(1)
  const [, stored] = await storedMessages(page, server, 'riverside-unhurried')
  expect(letters(stored?.content)).toBe(letters(text))
  await expect(widget.answers).toHaveCount(1)
})
