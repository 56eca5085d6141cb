import { clinic } from '../environment/host-pages'
import { letters, storedMessages } from '../environment/stored'
import { expect, test } from '../environment/test'

test('two tabs see the same: what is asked in either, and the answers while they are written', async ({
  page,
  context,
  widget,
  server,
  site,
}) => {
  const project = 'riverside-unhurried'
  const address = clinic(site, server, project)
  await page.goto(address)
  await widget.open()
  const beside = await context.newPage()
  const widgetBeside = widget.on(beside)
  await beside.goto(address)
  await widgetBeside.open()

  await widget.send('Where are the guest computers?')
  await expect(widgetBeside.questions).toContainText(['Where are the guest computers?'])
  await expect(widgetBeside.answers).toContainText('The guest')
  await expect(widgetBeside.answers.locator('time')).toBeHidden()
  await widgetBeside.send('How do I prepare for my stay?')
  await expect(widget.questions).toHaveCount(2)

  // One of them comes anew in the middle of an answer.
  await expect(widget.answers.last()).toContainText('two days')
  await page.reload()
  const texts = []
  for (const tab of [widget, widgetBeside]) {
    await tab.wholeAnswer(1)
    await expect(tab.questions).toHaveText([/guest computers/, /prepare for my stay/])
    texts.push(await tab.answers.locator('.prose').allTextContents())
  }
  expect(texts[0]).toEqual(texts[1])
  const stored = await storedMessages(page, server, project)
  expect(stored.filter(({ role }) => role === 'user')).toHaveLength(2)
  const answers = stored.filter(({ role }) => role === 'assistant')
  expect(answers).toHaveLength(2)
  expect(letters(answers[1]?.content)).toBe(letters(texts[0]?.[1]))
})

test('ended in one tab while the other has no connection: ended there, too, and it stays so', async ({
  page,
  context,
  widget,
  server,
  site,
}) => {
  const address = clinic(site, server, 'riverside-plain')
  await page.goto(address)
  await widget.open()
  await widget.ask('How do I prepare for my stay?')
  const beside = await context.newPage()
  const widgetBeside = widget.on(beside)
  // No socket of this tab gets through: it learns nothing from the server.
  await beside.routeWebSocket(/\/ws\/chat/, (socket) => socket.close({ code: 1011 }))
  await beside.goto(address)
  await widgetBeside.launcher.click()
  await expect(widgetBeside.panel.getByText('No connection. Trying again…')).toBeVisible()
  await widgetBeside.send('Where are the guest computers?')
  await widgetBeside.write('My knee is')

  await widget.openView('Settings')
  await widget.panel.getByRole('button', { name: 'End and erase' }).click()
  await page
    .getByRole('dialog', { name: 'End and erase everything?' })
    .getByRole('button', { name: 'Erase' })
    .click()
  await expect(widgetBeside.panel.getByRole('heading', { name: 'This conversation has ended' })).toBeVisible()
  await expect(widgetBeside.panel).not.toContainText('guest computers')
  for (const tab of [page, beside])
    expect(await tab.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0])
  await widgetBeside.panel.getByRole('button', { name: 'Start a new conversation' }).click()
  await expect(widgetBeside.input).toHaveValue('')
  await expect(widgetBeside.questions).toHaveCount(0)
})
