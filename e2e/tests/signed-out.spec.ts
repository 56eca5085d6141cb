import { expectAccessible } from '../environment/accessibility'
import { CANARY, typed } from '../environment/canary'
import { embedCode, ordinaryPage } from '../environment/host-pages'
import type { KuzushiServer } from '../environment/kuzushi-server'
import { expect, test } from '../environment/test'

const PATIENT = {
  email: `ruth.${CANARY}@example.org`,
  name: typed('Ruth Adler'),
  password: typed('four words make one'),
}

/** An app whose patients are signed out after a minute without a sign of them, which is as short as it can be. */
async function hurriedApp(server: KuzushiServer, projectId: string): Promise<void> {
  const headers = {
    Authorization: `Bearer ${await server.operatorKey()}`,
    'Content-Type': 'application/json',
  }
  const ask = async (path: string, body?: unknown) => {
    const response = await fetch(`${server.url}/v1/admin/${path}`, {
      method: body ? 'POST' : 'GET',
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    expect(response.ok, `${path}: ${response.status}`).toBe(true)
    return response.json()
  }
  const { tenants } = await ask('tenants')
  const clinic = tenants.find(({ domain }: { domain: string }) => domain === 'riverside-clinic.example')
  const tenant = `tenants/${clinic.tenantId}`
  const { appId } = await ask(`${tenant}/apps`, {
    projectId,
    name: 'Riverside, in a hurry',
    allowedOrigins: ['http://localhost:*', 'http://127.0.0.1:*'],
  })
  await ask(`${tenant}/apps/${appId}/configs`, {
    configData: { features: { signIn: true }, signIn: { idleTimeoutMinutes: 1 } },
  })
  await ask(`${tenant}/apps/${appId}/configs/1/activate`, {})
  await ask(`${tenant}/users`, PATIENT)
}

test('a patient who does nothing is warned, may stay, and hears why they were signed out', async ({
  page,
  widget,
  server,
  site,
  complaints,
}, testInfo) => {
  // Real time, in which nothing is done.
  test.setTimeout(240_000)
  await hurriedApp(server, 'riverside-hurried')
  await page.goto(site.add('/', ordinaryPage({ body: embedCode(server.url, 'riverside-hurried') })))
  await widget.open()
  await widget.send('I have a rash on my arm')
  await widget.wholeAnswer(0)
  await widget.openView('Your conversations')
  await widget.panel.getByRole('button', { name: 'Sign in' }).click()
  await widget.panel.getByRole('textbox', { name: 'E-mail address' }).fill(PATIENT.email)
  const secret = widget.panel.getByLabel('Password', { exact: true })
  await secret.fill(PATIENT.password)
  await secret.press('Enter')
  await expect(widget.panel.getByText('Current')).toBeVisible()
  await widget.back()

  const warning = widget.panel.getByRole('alert')
  await expect(warning).toHaveText(/You will be signed out in \d+ seconds/, { timeout: 70_000 })
  await expectAccessible(page, 'the warning', 'kuzushi-widget')
  await page.screenshot({ path: testInfo.outputPath('warning.png') })
  const stay = widget.panel.getByRole('button', { name: 'Stay signed in' })
  await stay.focus()
  await page.keyboard.press('Enter')
  await expect(widget.announcer).toHaveText('You stay signed in.')
  await expect(stay).toHaveCount(0)
  await expect(widget.input).toBeFocused()

  // Whoever has closed the panel reads it beside the launcher, which leads to what can be done.
  await widget.panel.getByRole('button', { name: 'Close chat' }).click()
  const beside = widget.element.locator('.launcher-note')
  await expect(beside).toHaveText('You will soon be signed out. Open the chat to stay signed in.', {
    timeout: 70_000,
  })
  await expect(beside).toHaveRole('alert')
  await expectAccessible(page, 'the warning beside the launcher', 'kuzushi-widget')
  for (const width of [1280, 390, 320]) {
    await page.setViewportSize({ width, height: 800 })
    const [note, launcher] = [await beside.boundingBox(), await widget.launcher.boundingBox()]
    expect(note?.x, `${width} wide`).toBeGreaterThanOrEqual(8)
    expect((note?.x ?? 0) + (note?.width ?? 0)).toBeLessThan(launcher?.x ?? 0)
    await page.screenshot({ path: testInfo.outputPath(`launcher-${width}.png`) })
  }
  await page.setViewportSize({ width: 390, height: 844 })
  await beside.getByRole('button').click()
  await expect(stay).toBeVisible()
  await expect(beside).toHaveCount(0)
  await page.screenshot({ path: testInfo.outputPath('warning-phone.png'), animations: 'disabled' })
  await page.setViewportSize({ width: 1280, height: 800 })
  await widget.panel.getByRole('button', { name: 'Close chat' }).click()
  await expect(beside).toHaveText(/You were signed out because nothing was done/, { timeout: 60_000 })
  await widget.launcher.click()
  await expect(warning).toHaveText(/You were signed out because nothing was done/)
  await expectAccessible(page, 'signed out', 'kuzushi-widget')
  await widget.connected()
  await page.screenshot({ path: testInfo.outputPath('signed-out.png') })
  await expect(widget.questions).toHaveCount(0)
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toMatch(/Ruth|ruth|rash/)
  await widget.panel.getByRole('button', { name: 'Sign in' }).click()
  await expect(widget.panel.getByRole('heading', { name: 'Sign in' })).toBeFocused()
  // The browser itself writes down what the server refuses.
  expect(complaints.filter((complaint) => !complaint.includes('401'))).toEqual([])
})
