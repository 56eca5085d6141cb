import type { Page, Request } from '@playwright/test'
import { clinic, ordinaryPage } from '../environment/host-pages'
import type { KuzushiServer } from '../environment/kuzushi-server'
import { callKuzushi, listenTo } from '../environment/page-api'
import { expect, test } from '../environment/test'

const MEASURED = '/v1/widget/events'

function measurementsOf(page: Page): Request[] {
  const sent: Request[] = []
  page.on('request', (request) => {
    if (request.url().endsWith(MEASURED)) sent.push(request)
  })
  return sent
}

async function counted(server: KuzushiServer): Promise<Record<string, number>> {
  const headers = { Authorization: `Bearer ${await server.operatorKey()}` }
  const get = async (path: string) => (await fetch(`${server.url}/v1/admin${path}`, { headers })).json()
  const { tenants } = (await get('/tenants')) as { tenants: { tenantId: string; name: string }[] }
  const tenant = tenants.find(({ name }) => name === 'Riverside Clinic')?.tenantId
  const { apps } = (await get(`/tenants/${tenant}/apps`)) as { apps: { appId: string; projectId: string }[] }
  const app = apps.find(({ projectId }) => projectId === 'riverside-files')?.appId
  const { measurements } = (await get(`/tenants/${tenant}/apps/${app}/measurements`)) as {
    measurements: { kind: string; times: number }[]
  }
  return Object.fromEntries(measurements.map(({ kind, times }) => [kind, times]))
}

test('a page that is left says how the widget fared, and nothing else', async ({
  page,
  widget,
  server,
  site,
  complaints,
}) => {
  const sent = measurementsOf(page)
  const before = await counted(server)
  // Nobody outside of the page is shown the body of what outlives it.
  await page.addInitScript(() => {
    const Real = window.Blob
    window.Blob = class extends Real {
      constructor(parts?: BlobPart[], options?: BlobPropertyBag) {
        super(parts, options)
        ;(window as unknown as { said: unknown }).said = parts?.[0]
      }
    }
  })
  await page.goto(clinic(site, server, 'riverside-files'))
  await widget.open()
  await widget.ask('How do I prepare for my stay?')
  const errors = await listenTo(page, ['error'])
  await callKuzushi(page, 'startVoice')
  await expect.poll(async () => (await errors()).length).toBe(1)
  // As when the page is left, but for the leaving, after which nobody could look at what was sent.
  await page.evaluate(() => dispatchEvent(new Event('pagehide')))
  await expect.poll(() => sent.length).toBe(1)
  const { token, events } = JSON.parse(
    await page.evaluate(() => (window as unknown as { said: string }).said),
  )
  expect(token).toMatch(/^ey/)
  expect(events).toEqual([
    { kind: 'load', value: expect.any(Number) },
    { kind: 'open', value: expect.any(Number) },
    { kind: 'connect', value: expect.any(Number) },
    { kind: 'error', code: 'VOICE_UNAVAILABLE' },
    { kind: 'reconnects', value: 0 },
  ])
  expect(events[0].value).toBeLessThanOrEqual(events[1].value)
  expect(events[1].value).toBeLessThanOrEqual(events[2].value)
  // And it outlives the page.
  await page.goto(site.add('/elsewhere', ordinaryPage({})))
  const times = (kind: string) => counted(server).then((now) => (now[kind] ?? 0) - (before[kind] ?? 0))
  await expect.poll(() => times('reconnects')).toBe(2)
  expect(await times('load')).toBe(1)
  expect(complaints).toEqual([])
})

for (const [what, property, value] of [
  ['Global Privacy Control', 'globalPrivacyControl', true],
  ['Do Not Track', 'doNotTrack', '1'],
] as const)
  test(`a browser with ${what} measures nothing`, async ({ page, widget, server, site }) => {
    const sent = measurementsOf(page)
    await page.addInitScript(
      ([property, value]) => Object.defineProperty(navigator, property, { value, configurable: true }),
      [property, value] as const,
    )
    await page.goto(clinic(site, server, 'riverside-files'))
    await widget.open()
    await widget.ask('How do I prepare for my stay?')
    await page.goto(site.add('/elsewhere', ordinaryPage({})))
    await page.waitForTimeout(500)
    expect(sent).toEqual([])
  })
