import { expectAccessible } from '../environment/accessibility'
import { clinic, embedCode, ordinaryPage } from '../environment/host-pages'
import { expect, test } from '../environment/test'

for (const colorScheme of ['light', 'dark'] as const)
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme })

    test('axe finds nothing in any view of a conversation', async ({ page, widget, server, site }) => {
      const check = (state: string) => expectAccessible(page, `${state}, ${colorScheme}`, 'kuzushi-widget')
      await page.goto(clinic(site, server, 'riverside-unhurried'))
      await expect(widget.launcher).toBeVisible()
      await check('closed')
      await widget.open()
      await check('welcome')

      await widget.send('Where are the guest computers?')
      await expect(widget.answers).toContainText('The guest')
      await check('streaming')
      await widget.wholeAnswer(0)
      await widget.input.fill('A draft')
      await check('conversation')

      await widget.openView('Your conversations')
      await expect(widget.panel.getByRole('listitem')).toHaveCount(1)
      await check('history')
      await widget.panel.getByRole('button', { name: 'Start a new conversation' }).click()
      await widget.connected()
      await widget.openView('Your conversations')
      await widget.panel.getByRole('listitem').last().getByRole('button').click()
      await expect(widget.panel.locator('.message-user')).toBeVisible()
      await check('earlier conversation')

      await widget.back()
      await widget.back()
      await widget.openView('Settings')
      await check('settings')
      await widget.panel.getByRole('button', { name: 'End and erase' }).click()
      await check('dialog')
      await page.route('**/end', (route) => route.abort())
      await widget.panel.getByRole('button', { name: 'Erase', exact: true }).click()
      await expect(widget.panel.getByText('nothing was erased yet')).toBeVisible()
      await check('dialog after a failure')
      await widget.panel.getByRole('button', { name: 'Forget on this device only' }).click()
      await expect(widget.panel.getByRole('heading', { name: 'This conversation has ended' })).toBeVisible()
      await check('ended')
    })

    test('axe finds nothing where something went wrong', async ({ page, widget, server, site }) => {
      const check = (state: string) => expectAccessible(page, `${state}, ${colorScheme}`, 'kuzushi-widget')
      await page.goto(site.add('/unknown', ordinaryPage({ body: embedCode(server.url, 'no-such-project') })))
      await widget.launcher.click()
      await expect(
        widget.panel.getByRole('heading', { name: 'The assistant is not available here' }),
      ).toBeVisible()
      await check('unavailable')

      await page.goto(clinic(site, server, 'riverside-plain'))
      await widget.open()
      await widget.input.fill('x'.repeat(8_001))
      await expect(widget.panel.getByText('This message is too long.')).toBeVisible()
      await check('too long')
      await server.kill()
      await widget.send('Are you there?')
      await expect(widget.questions).toContainText('Will be sent when the connection is back')
      await check('reconnecting')
    })
  })
