import { expectAccessible } from '../environment/accessibility'
import { typed } from '../environment/canary'
import { clinic } from '../environment/host-pages'
import { RefusingServer } from '../environment/refusing-server'
import { storedMessages } from '../environment/stored'
import { expect, test } from '../environment/test'

test('a server that cannot store for a while gets the message again by itself, and stores it once', async ({
  page,
  widget,
  server,
  site,
}) => {
  const refusing = await RefusingServer.between(page)
  await page.goto(clinic(site, server, 'riverside-plain'))
  await widget.open()
  refusing.refusal = { code: 'INTERNAL', retryable: true }
  await widget.send('Where are the guest computers?')
  await expect(widget.questions).toContainText('Not sent yet. Trying again…')
  await expect(widget.announcer).toHaveText('Not sent yet. Trying again…')
  await expect(widget.panel.getByText('Online')).toBeVisible()
  await expect.poll(() => refusing.received.length).toBeGreaterThanOrEqual(2)

  refusing.refusal = undefined
  await expect(await widget.wholeAnswer(0)).toContainText('stand in the lobby')
  expect(new Set(refusing.received).size).toBe(1)
  const stored = await storedMessages(page, server, 'riverside-plain')
  expect(stored.map(({ role }) => role)).toEqual(['user', 'assistant'])
})

test('a server that will not take a message says why, is not asked again, and the words are not lost', async ({
  page,
  widget,
  server,
  site,
}) => {
  const refusing = await RefusingServer.between(page)
  await page.goto(clinic(site, server, 'riverside-plain'))
  await widget.open()
  refusing.refusal = { code: 'NOT_ALLOWED', retryable: false }
  await widget.send('Where are the guest computers?')
  await expect(widget.questions).toContainText('This message could not be accepted.')
  await expect(widget.announcer).toHaveText('This message could not be accepted.')

  await page.reload()
  await widget.connected()
  await expect(widget.questions).toContainText('This message could not be accepted.')
  expect(refusing.received).toHaveLength(1)
  await widget.questions.getByRole('button', { name: 'Edit' }).click()
  await expect(widget.input).toHaveValue(typed('Where are the guest computers?'))
  refusing.refusal = undefined
  await widget.input.press('Enter')
  await expect(await widget.wholeAnswer(0)).toContainText('stand in the lobby')
  await expect(widget.questions).toHaveCount(1)
})

for (const colorScheme of ['light', 'dark'] as const)
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme })

    test('axe finds nothing where messages wait, failed or cannot be kept', async ({
      page,
      context,
      widget,
      server,
      site,
    }) => {
      const refusing = await RefusingServer.between(page)
      const head = `<script>Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }</script>`
      await page.goto(clinic(site, server, 'riverside-plain', { head }))
      await widget.open()
      await expect(widget.panel.getByText('Your conversation will not be kept')).toBeVisible()
      refusing.refusal = { code: 'NOT_ALLOWED', retryable: false }
      await widget.send('One')
      await expect(widget.questions.first()).toContainText('could not be accepted')
      refusing.refusal = { code: 'RATE_LIMITED', retryable: true }
      await widget.send('Two')
      await expect(widget.questions.last()).toContainText('This one will be sent in a moment.')
      await expectAccessible(page, `refused, ${colorScheme}`, 'kuzushi-widget')
      await context.setOffline(true)
      await expect(widget.panel.getByText('You are offline.')).toBeVisible()
      await widget.send('Three')
      await expect(widget.questions.last()).toContainText('Will be sent when the connection is back')
      await expectAccessible(page, `offline, ${colorScheme}`, 'kuzushi-widget')
    })
  })
