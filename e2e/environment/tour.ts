import { expect, type Page } from '@playwright/test'
import type { Widget } from './widget'

/** Everything that a visitor can see and do in a widget that was not opened yet, ending with a closed panel. */
export async function takeTour(page: Page, widget: Widget): Promise<void> {
  await widget.open()
  await widget.ask('When can I visit my mother?')
  await widget.openView('Your conversations')
  await widget.panel.getByRole('button', { name: 'Start a new conversation' }).click()
  await widget.connected()
  await widget.ask('What does parking cost?')

  await widget.openView('Your conversations')
  await widget.panel.getByRole('listitem').last().getByRole('button').click()
  await expect(widget.panel.getByText('An earlier conversation, to read only.')).toBeVisible()
  await widget.back()
  await widget.back()

  await widget.openView('Settings')
  await widget.panel.getByRole('radio', { name: 'Large', exact: true }).check()
  await widget.panel.getByRole('radio', { name: 'Dark' }).check()
  await Promise.all([
    page.waitForEvent('download'),
    widget.panel.getByRole('button', { name: 'Text', exact: true }).click(),
  ])
  await widget.panel.getByRole('button', { name: 'End and erase' }).click()
  const dialog = page.getByRole('dialog', { name: 'End and erase everything?' })
  await dialog.getByRole('button', { name: 'Erase' }).click()
  await widget.panel.getByRole('button', { name: 'Start a new conversation' }).click()
  await widget.connected()
  await widget.panel.getByRole('button', { name: 'Close chat' }).click()
  await expect(widget.panel).toBeHidden()
}
