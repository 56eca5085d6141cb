import type { Page } from '@playwright/test'
import { ordinaryPage, snippetTag } from '../environment/host-pages'
import { expect, test } from '../environment/test'
import { takeTour } from '../environment/tour'
import type { Widget } from '../environment/widget'

// What `kuzushi csp` prints, and everything else forbidden.
const policyOf = (lines: string[]) => ["default-src 'none'", ...lines].join('; ')

test('what `kuzushi csp` prints suffices for all that the widget does', async ({
  page,
  widget,
  server,
  site,
  complaints,
}) => {
  const lines = await server.contentSecurityPolicy()
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['script-src', 'connect-src'])
  const address = site.add('/clinic', {
    ...ordinaryPage({ body: snippetTag(server.url, 'data-project-id="stmarys-patient-portal"') }),
    headers: { 'Content-Security-Policy': policyOf(lines) },
  })
  await page.goto(address)
  await takeTour(page, widget)
  expect(complaints).toEqual([])
})

test('and none of it can be left out', async ({ page, widget, server, site }) => {
  const lines = await server.contentSecurityPolicy()
  const sources = lines.flatMap((line) => {
    const [directive, ...named] = line.split(' ')
    return named.map((source) => ({ directive, source }))
  })
  expect(sources).toHaveLength(3)
  for (const { directive, source } of sources) {
    const fewer = lines.map((line) =>
      line.startsWith(`${directive} `)
        ? line
            .split(' ')
            .filter((part) => part !== source)
            .join(' ')
        : line,
    )
    const address = site.add(`/without-${directive}-${source?.split(':')[0]}`, {
      ...ordinaryPage({ body: snippetTag(server.url, 'data-project-id="stmarys-patient-portal"') }),
      headers: { 'Content-Security-Policy': policyOf(fewer) },
    })
    await page.goto(address)
    expect(await works(page, widget), `without ${directive} ${source}`).toBe(false)
  }
})

/** Whether somebody can ask and is answered; a policy that stops it does so at once. */
async function works(page: Page, widget: Widget): Promise<boolean> {
  await page.waitForLoadState('networkidle')
  if (!(await widget.launcher.isVisible())) return false
  await widget.launcher.click()
  return widget.panel
    .getByText('Online', { exact: true })
    .waitFor({ timeout: 4_000 })
    .then(
      () => true,
      () => false,
    )
}
