import type { Page } from '@playwright/test'
import { expect, test } from '../environment/test'

interface KeptOnDevice {
  widgetInstanceId: string
  current?: { sessionId: string; token: string }
}

const KEY = 'kuzushi:stmarys-patient-portal:'

/** What this browser keeps of ours, as it stands in `localStorage`. */
async function keptOnDevice(page: Page): Promise<KeptOnDevice> {
  const stored = await page.evaluate(() => Object.entries(localStorage))
  expect(stored.map(([key]) => key)).toEqual([KEY])
  return JSON.parse(stored[0]?.[1] as string)
}

const keysOnDevice = (page: Page): Promise<string[]> =>
  page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)])

test('end and erase asks first, then leaves nothing of the conversation here or on the server', async ({
  page,
  widget,
  request,
}) => {
  await page.goto('/demo')
  await widget.open()
  const answer = await widget.ask('When can I visit my mother Aurelia?')
  const said = (await answer.locator('.prose').textContent()) ?? ''
  const before = await keptOnDevice(page)
  const { sessionId, token } = before.current as { sessionId: string; token: string }

  await widget.openView('Settings')
  const endAndErase = widget.panel.getByRole('button', { name: 'End and erase' })
  const dialog = page.getByRole('dialog', { name: 'End and erase everything?' })
  await endAndErase.click()
  await dialog.getByRole('button', { name: 'Keep' }).click()
  await expect(dialog).toBeHidden()
  await widget.back()
  await expect(widget.questions).toHaveCount(1)

  await widget.openView('Settings')
  await endAndErase.click()
  await dialog.getByRole('button', { name: 'Erase' }).click()
  await expect(widget.panel.getByRole('heading', { name: 'This conversation has ended' })).toBeVisible()

  expect(await keysOnDevice(page)).toEqual([])
  const asked = await request.get(`/v1/sessions/${sessionId}/messages`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  const answered = await asked.text()
  for (const trace of ['Aurelia', said.slice(0, 20)]) expect(answered).not.toContain(trace)

  await widget.panel.getByRole('button', { name: 'Start a new conversation' }).click()
  await widget.connected()
  await expect(widget.questions).toHaveCount(0)
  const after = await keptOnDevice(page)
  expect(after.current?.sessionId).toMatch(/^sess_/)
  expect(after.current?.sessionId).not.toBe(sessionId)
  expect(after.widgetInstanceId).not.toBe(before.widgetInstanceId)
})

test('another tab learns that the conversation was erased', async ({ page, context, widget }) => {
  await page.goto('/demo')
  await widget.open()
  await widget.ask('When can I visit my mother Aurelia?')
  const beside = await context.newPage()
  const widgetBeside = widget.on(beside)
  await beside.goto('/demo')
  await widgetBeside.open()
  await expect(widgetBeside.questions).toHaveCount(1)

  await widget.openView('Settings')
  await widget.panel.getByRole('button', { name: 'End and erase' }).click()
  await page
    .getByRole('dialog', { name: 'End and erase everything?' })
    .getByRole('button', { name: 'Erase' })
    .click()
  await expect(widgetBeside.panel.getByRole('heading', { name: 'This conversation has ended' })).toBeVisible()
  await expect(widgetBeside.panel).not.toContainText('Aurelia')
  for (const tab of [page, beside]) expect(await keysOnDevice(tab)).toEqual([])
})

test('when the server cannot be reached nothing is erased, and the device can be cleaned alone', async ({
  page,
  widget,
}) => {
  await page.goto('/demo')
  await widget.open()
  await widget.ask('When can I visit my mother?')
  await page.route('**/end', (route) => route.abort())
  await widget.openView('Settings')
  await widget.panel.getByRole('button', { name: 'End and erase' }).click()
  const dialog = page.getByRole('dialog', { name: 'End and erase everything?' })
  await dialog.getByRole('button', { name: 'Erase' }).click()
  await expect(dialog).toContainText('nothing was erased yet')
  expect((await keptOnDevice(page)).current).toBeDefined()

  await dialog.getByRole('button', { name: 'Forget on this device only' }).click()
  await expect(widget.panel.getByRole('heading', { name: 'This conversation has ended' })).toBeVisible()
  expect(await keysOnDevice(page)).toEqual([])
})
