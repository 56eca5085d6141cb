import { clinic } from '../environment/host-pages'
import { expect, test } from '../environment/test'

test('earlier conversations can be found and read again', async ({ page, widget, server, site }) => {
  await page.goto(clinic(site, server, 'riverside-plain'))
  await widget.open()
  await widget.ask('How do I prepare for my stay?')

  await widget.openView('Your conversations')
  await expect(widget.panel.getByRole('listitem')).toHaveText([
    /How do I prepare for my stay\?.*2 messages.*Current/s,
  ])
  await widget.panel.getByRole('button', { name: 'Start a new conversation' }).click()
  await widget.connected()
  await expect(widget.questions).toHaveCount(0)
  await expect(widget.panel.getByText('Ask a question to begin')).toBeVisible()
  await widget.ask('Where are the guest computers?')

  await widget.openView('Your conversations')
  const rows = widget.panel.getByRole('listitem')
  await expect(rows).toHaveText([/Current/, /2 messages/])
  await rows.last().getByRole('button').click()
  await expect(widget.panel.getByText('An earlier conversation, to read only.')).toBeVisible()
  await expect(widget.panel.locator('.message-user')).toContainText('How do I prepare for my stay?')
  await expect(widget.panel.locator('.message-assistant')).toContainText('call the front desk')
  await expect(widget.input).toBeHidden()

  await widget.back()
  await widget.back()
  await expect(widget.questions).toHaveText(/Where are the guest computers/)
  await page.reload()
  await expect(widget.questions).toHaveText(/Where are the guest computers/)
})
