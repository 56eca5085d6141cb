import { expect, test } from '../environment/test'

test('earlier conversations can be found and read again', async ({ page, widget }) => {
  await page.goto('/demo')
  await widget.open()
  await widget.ask('When can I visit my mother?')

  await widget.openView('Your conversations')
  await expect(widget.panel.getByRole('listitem')).toHaveText([/2 messages.*Current/s])
  await widget.panel.getByRole('button', { name: 'Start a new conversation' }).click()
  await widget.connected()
  await expect(widget.questions).toHaveCount(0)
  await expect(widget.panel.getByText('How can we help today?')).toBeVisible()
  await widget.ask('What does parking cost?')

  await widget.openView('Your conversations')
  const rows = widget.panel.getByRole('listitem')
  await expect(rows).toHaveText([/Current/, /2 messages/])
  await rows.last().getByRole('button').click()
  await expect(widget.panel.getByText('An earlier conversation, to read only.')).toBeVisible()
  await expect(widget.panel.locator('.message-user')).toContainText('When can I visit my mother?')
  await expect(widget.panel.locator('.message-assistant')).toContainText('10 am to 8 pm')
  await expect(widget.input).toBeHidden()

  await widget.back()
  await widget.back()
  await expect(widget.questions).toHaveText(/What does parking cost\?/)
  await page.reload()
  await expect(widget.questions).toHaveText(/What does parking cost\?/)
})
