import { clinic, ordinaryPage } from '../environment/host-pages'
import { expect, test } from '../environment/test'

const KIOSK = { config: { kiosk: 15 } }

test('nothing is left on a shared computer once nobody has been there for a while', async ({
  page,
  widget,
  server,
  site,
  complaints,
}) => {
  await page.goto(clinic(site, server, 'riverside-plain', KIOSK))
  await widget.open()
  await widget.ask('How do I prepare for my stay?')
  const asked = widget.panel.getByText(/Are you still there\? .* \d+ seconds?\./)
  await expect(asked).toBeVisible({ timeout: 20_000 })
  // Whoever does anything is there.
  await widget.panel.getByRole('button', { name: 'I am still here' }).click()
  await expect(asked).toBeHidden()
  await expect(widget.questions).toHaveCount(1)

  await expect(widget.panel).toBeHidden({ timeout: 30_000 })
  await expect.poll(() => page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0)
  await widget.launcher.click()
  await expect(widget.panel.getByRole('heading', { name: 'This conversation has ended' })).toBeVisible()
  await widget.panel.getByRole('button', { name: 'Start a new conversation' }).click()
  await widget.connected()
  await expect(widget.questions).toHaveCount(0)
  expect(complaints).toEqual([])
})

test('a page that was left is wiped by the next one, before anybody opens anything', async ({
  page,
  widget,
  server,
  site,
}) => {
  const address = clinic(site, server, 'riverside-plain', KIOSK)
  await page.goto(address)
  await widget.open()
  await widget.ask('How do I prepare for my stay?')
  await page.mouse.move(10, 10)
  await expect
    .poll(() => page.evaluate(() => localStorage.getItem('kuzushi:riverside-plain:')))
    .toMatch(/activeAt/)
  await page.goto(site.add('/elsewhere', ordinaryPage({})))
  await page.evaluate(() => {
    const key = 'kuzushi:riverside-plain:'
    const record = JSON.parse(localStorage.getItem(key) ?? '{}')
    localStorage.setItem(key, JSON.stringify({ ...record, activeAt: Date.now() - 60_000 }))
    sessionStorage.clear()
  })
  await page.goto(address)
  await expect.poll(() => page.evaluate(() => localStorage.length)).toBe(0)
})

test('a patient is signed out, and what is theirs stays theirs', async ({ page, widget }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, 'KuzushiConfig', {
      get: () => ({ projectId: 'stmarys-patient-portal', kiosk: 15 }),
      set() {},
    })
  })
  await page.goto('/demo')
  await widget.open()
  await widget.openView('Your conversations')
  await widget.panel.getByRole('button', { name: 'Sign in' }).click()
  await widget.panel.getByRole('textbox', { name: 'E-mail address' }).fill('jane.miller@example.org')
  await widget.panel.getByLabel('Password', { exact: true }).fill('hello-brightwater')
  await widget.panel.getByLabel('Password', { exact: true }).press('Enter')
  await expect(widget.panel.getByRole('heading', { name: 'Your conversations' })).toBeVisible()
  const erased: string[] = []
  page.on('request', (request) => {
    if (request.url().endsWith('/end')) erased.push(request.url())
  })
  await expect(widget.panel).toBeHidden({ timeout: 30_000 })
  await expect.poll(() => page.evaluate(() => localStorage.length)).toBe(0)
  expect(erased).toEqual([])
})
