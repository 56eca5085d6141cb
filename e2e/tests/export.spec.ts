import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { typed } from '../environment/canary'
import { clinic } from '../environment/host-pages'
import { expect, test } from '../environment/test'
import type { Widget } from '../environment/widget'

async function save(page: Page, widget: Widget, format: 'Text' | 'JSON') {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    widget.panel.getByRole('button', { name: format, exact: true }).click(),
  ])
  return { name: download.suggestedFilename(), content: await readFile(await download.path(), 'utf8') }
}

test('a conversation can be saved, as text to read and as JSON to process', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, 'riverside-plain'))
  await widget.open()
  await widget.ask('How do I prepare for my stay?')
  await widget.openView('Settings')

  const text = await save(page, widget, 'Text')
  expect(text.name).toMatch(/^conversation-\d{4}-\d\d-\d\d\.txt$/)
  expect(text.content).toContain('How do I prepare for my stay?')
  expect(text.content).toContain('call the front desk')

  const json = await save(page, widget, 'JSON')
  expect(json.name).toMatch(/^conversation-\d{4}-\d\d-\d\d\.json$/)
  expect(JSON.parse(json.content)).toMatchObject({
    sessionId: expect.stringMatching(/^sess_/),
    exportedAt: expect.any(String),
    messages: [
      { role: 'user', seq: 1, content: typed('How do I prepare for my stay?') },
      { role: 'assistant', seq: 2, content: expect.stringContaining('call the front desk') },
    ],
  })
})

test('a copy that cannot be saved is said so', async ({ page, widget }) => {
  await page.route('**/export?*', (route) => route.abort())
  await page.goto('/demo')
  await widget.open()
  await widget.ask('How do I prepare for my stay?')
  await widget.openView('Settings')
  await widget.panel.getByRole('button', { name: 'JSON', exact: true }).click()
  await expect(widget.panel.getByText('The copy could not be saved. Please try again.')).toBeVisible()
})
