import type { Page } from '@playwright/test'
import { typed } from '../environment/canary'
import { clinic } from '../environment/host-pages'
import { keepFiles } from '../environment/kept-files'
import type { KuzushiServer } from '../environment/kuzushi-server'
import { storedMessages } from '../environment/stored'
import { expect, test } from '../environment/test'
import type { Widget } from '../environment/widget'

const PROJECT = 'riverside-plain'
const WAITING = 'Will be sent when the connection is back'

/** Everything this site keeps in the browser, as one text. */
const kept = (page: Page): Promise<string> =>
  page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))

async function loseServer(widget: Widget, server: KuzushiServer) {
  await server.kill()
  await expect(widget.panel.getByText('No connection. Trying again…')).toBeVisible()
}

/** One question is answered; the next one waits. */
async function askThenWriteWithoutServer(widget: Widget, server: KuzushiServer) {
  await widget.open()
  await widget.ask('How do I prepare for my stay?')
  await loseServer(widget, server)
  await widget.send('Where are the guest computers?')
  await expect(widget.questions.last()).toContainText(WAITING)
}

test('written while the server is down, reloaded, sent once when it is back, answered once', async ({
  page,
  widget,
  server,
  site,
}) => {
  await keepFiles(page.context())
  await page.goto(clinic(site, server, PROJECT))
  await askThenWriteWithoutServer(widget, server)

  await page.reload()
  await expect(widget.questions).toHaveText([/Where are the guest computers\?/])
  await expect(widget.questions).toContainText(WAITING)
  await expect(widget.input).toBeEnabled()
  await widget.send('And what does it cost?')
  await expect(widget.questions).toHaveCount(2)

  await server.start()
  await expect(await widget.wholeAnswer(2)).toBeVisible()
  const stored = await storedMessages(page, server, PROJECT)
  expect(stored.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual([
    typed('How do I prepare for my stay?'),
    typed('Where are the guest computers?'),
    typed('And what does it cost?'),
  ])
  for (const { messageId } of stored.filter(({ role }) => role === 'user'))
    expect(stored.filter(({ inReplyTo }) => inReplyTo === messageId)).toHaveLength(1)
  expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, index) => index + 1))
  expect(await kept(page)).not.toContain('guest computers')
})

test('written before the widget ever reached the server, and the page closed: sent by the next page', async ({
  page,
  context,
  widget,
  server,
  site,
}) => {
  await keepFiles(page.context())
  const address = clinic(site, server, PROJECT)
  await page.goto(address)
  await widget.open()
  await page.evaluate(() => {
    localStorage.clear()
    sessionStorage.clear()
  })
  await server.kill()
  await page.goto(address)
  await widget.launcher.click()
  await widget.send('Where are the guest computers?')
  await expect(widget.questions).toContainText(WAITING)
  await page.close()

  await server.start()
  const later = await context.newPage()
  const widgetLater = widget.on(later)
  await later.goto(address)
  await widgetLater.launcher.click()
  await expect(await widgetLater.wholeAnswer(0)).toContainText('stand in the lobby')
  const stored = await storedMessages(later, server, PROJECT)
  expect(stored.map(({ role }) => role)).toEqual(['user', 'assistant'])
})

test('two tabs, one outage: both show what waits, and the server gets it once', async ({
  page,
  context,
  widget,
  server,
  site,
}) => {
  const address = clinic(site, server, PROJECT)
  await page.goto(address)
  await widget.open()
  const beside = await context.newPage()
  const widgetBeside = widget.on(beside)
  await beside.goto(address)
  await widgetBeside.open()

  await loseServer(widget, server)
  await widget.send('Where are the guest computers?')
  await expect(widgetBeside.questions).toContainText(['Where are the guest computers?'])
  await expect(widgetBeside.questions).toContainText(WAITING)
  await widgetBeside.send('How do I prepare for my stay?')
  await expect(widget.questions).toHaveCount(2)

  await server.start()
  for (const tab of [widget, widgetBeside]) {
    await tab.wholeAnswer(1)
    await expect(tab.questions).toHaveText([/guest computers/, /prepare for my stay/])
    await expect(tab.answers).toHaveCount(2)
  }
  const stored = await storedMessages(page, server, PROJECT)
  expect(stored.filter(({ role }) => role === 'user')).toHaveLength(2)
  expect(stored.filter(({ role }) => role === 'assistant')).toHaveLength(2)
})

test('what waits can be edited, and what is being written survives a reload', async ({
  page,
  widget,
  server,
  site,
}) => {
  await keepFiles(page.context())
  await page.goto(clinic(site, server, PROJECT))
  await widget.open()
  await loseServer(widget, server)
  await widget.send('Where are the gest computers?')
  await widget.questions.last().getByRole('button', { name: 'Edit' }).click()
  await expect(widget.questions).toHaveCount(0)
  await expect(widget.input).toHaveValue(typed('Where are the gest computers?'))
  await expect(widget.input).toBeFocused()
  await expect(widget.announcer).toHaveText('The message is back in the message field.')

  await widget.write('Where are the guest computers?')
  await page.reload()
  await expect(widget.input).toHaveValue(typed('Where are the guest computers?'))
  await server.start()
  await widget.connected()
  await widget.input.press('Enter')
  await expect(await widget.wholeAnswer(0)).toContainText('stand in the lobby')
  await page.reload()
  await expect(widget.questions).toHaveCount(1)
  await expect(widget.input).toHaveValue('')
})

test('what was not sent comes back to the composer when its conversation is gone', async ({
  page,
  widget,
  server,
  site,
}) => {
  await keepFiles(page.context())
  await page.goto(clinic(site, server, PROJECT))
  await askThenWriteWithoutServer(widget, server)
  // The key to the conversation is no longer taken, as after its time.
  await page.evaluate((key) => {
    const record = JSON.parse(localStorage.getItem(key) ?? '')
    record.current.token = `${record.current.token.slice(0, -6)}broken`
    localStorage.setItem(key, JSON.stringify(record))
  }, `kuzushi:${PROJECT}:`)
  await page.reload()
  await server.start()
  await widget.connected()
  await expect(widget.panel.getByText('What you had not sent is back in the message field.')).toBeVisible()
  await expect(widget.input).toHaveValue(typed('Where are the guest computers?'))
  await expect(widget.questions).toHaveCount(0)
  await widget.input.press('Enter')
  await expect(await widget.wholeAnswer(0)).toContainText('stand in the lobby')
})

test('ending erases what waits and what is being written, in every tab', async ({
  page,
  context,
  widget,
  server,
  site,
}) => {
  const address = clinic(site, server, PROJECT)
  await page.goto(address)
  await widget.open()
  await widget.ask('How do I prepare for my stay?')
  const beside = await context.newPage()
  const widgetBeside = widget.on(beside)
  await beside.goto(address)
  await widgetBeside.open()
  await widgetBeside.write('My knee is')
  // Its views come with the first use.
  await widget.openView('Settings')
  await server.kill()
  await widget.back()
  await expect(widgetBeside.panel.getByText('No connection. Trying again…')).toBeVisible()
  await widget.send('Where are the guest computers?')
  await expect(widgetBeside.questions).toHaveCount(2)

  await widget.openView('Settings')
  await widget.panel.getByRole('button', { name: 'End and erase' }).click()
  const dialog = page.getByRole('dialog', { name: 'End and erase everything?' })
  await dialog.getByRole('button', { name: 'Erase' }).click()
  await dialog.getByRole('button', { name: 'Forget on this device only' }).click()
  for (const tab of [widget, widgetBeside])
    await expect(tab.panel.getByRole('heading', { name: 'This conversation has ended' })).toBeVisible()
  for (const tab of [page, beside]) await expect(async () => expect(await kept(tab)).toBe('[{},{}]')).toPass()
})
