import { clinic } from '../environment/host-pages'
import { expect, test } from '../environment/test'
import type { Widget } from '../environment/widget'

const CRY = 'My dad has chest pain and he can’t breathe'

const pinned = (widget: Widget) => widget.panel.getByRole('region', { name: 'In an emergency' })

test('whom to call is in sight at once, in every tab, after a reload, and until it is put away', async ({
  page,
  context,
  widget,
  complaints,
}) => {
  await page.goto('/demo')
  await widget.open()
  const beside = await context.newPage()
  const widgetBeside = widget.on(beside)
  await beside.goto('/demo')
  await widgetBeside.open()

  await widget.send(CRY)
  for (const tab of [widget, widgetBeside]) {
    await expect(pinned(tab).getByRole('alert')).toContainText('911')
    await expect(pinned(tab).getByRole('link', { name: /Call 911/ })).toHaveAttribute('href', 'tel:911')
  }
  await widget.wholeAnswer(0)
  await page.reload()
  await expect(pinned(widget).getByRole('alert')).toContainText('911')
  await expect(widget.transcript.locator('.notice')).toContainText('911')

  await widget.ask('Where can I park?')
  await expect(pinned(widget)).toBeVisible()
  await pinned(widget).getByRole('button', { name: 'Put this notice away' }).click()
  await expect(pinned(widget)).toBeHidden()
  await expect(widget.input).toBeFocused()
  await page.reload()
  await expect(widget.transcript.locator('.notice')).toContainText('911')
  await expect(pinned(widget)).toBeHidden()
  expect(complaints).toEqual([])
})

test('somebody who speaks of harming themselves is given the crisis line as well', async ({
  page,
  widget,
}) => {
  await page.goto('/demo')
  await widget.open()
  await widget.send('i dont want to live anymore')
  await expect(pinned(widget).getByRole('link', { name: /988/ })).toHaveAttribute('href', 'tel:988')
  await expect(pinned(widget).getByRole('alert')).toContainText('988')
})

test('the notice does not wait for an answer that takes its time', async ({ page, widget, server, site }) => {
  const address = clinic(site, server, 'riverside-unhurried')
  await page.goto(address)
  await widget.open()
  await widget.send(CRY)
  await expect(pinned(widget)).toBeVisible()
  await expect(widget.answers.locator('time')).toBeHidden()
})

test('it is in the saved copy, and a new conversation begins without it', async ({ page, widget }) => {
  await page.goto('/demo')
  await widget.open()
  await widget.ask(CRY)
  const exported = await page.evaluate(async () => {
    const key = Object.keys(localStorage).find((name) => localStorage.getItem(name)?.includes('sess_')) ?? ''
    const { current } = JSON.parse(localStorage.getItem(key) ?? '{}')
    const response = await fetch(`/v1/sessions/${current.sessionId}/export?format=text`, {
      headers: { Authorization: `Bearer ${current.token}` },
    })
    return response.text()
  })
  expect(exported).toContain('Notice:\nThis may be an emergency. Call 911 now.')
  await widget.openView('Your conversations')
  await widget.panel.getByRole('button', { name: 'Start a new conversation' }).click()
  await expect(pinned(widget)).toBeHidden()
})

test('a conversation begins with who answers, and that stays in sight', async ({ page, widget }) => {
  await page.goto('/demo')
  await widget.open()
  await expect(widget.panel.getByText('You are chatting with an AI assistant, not a person.')).toBeVisible()
  await expect(widget.panel.getByText(/AI assistant\. Not for emergencies: call/)).toBeVisible()
  await widget.ask('Where can I park?')
  await expect(widget.panel.getByText(/AI assistant\. Not for emergencies: call/)).toBeVisible()
  const person = widget.panel.getByText('To talk with a person:')
  await expect(person.getByRole('link')).toHaveAttribute('href', /^tel:/)
})
