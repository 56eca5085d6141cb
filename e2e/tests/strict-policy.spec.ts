import type { Page } from '@playwright/test'
import { ordinaryPage, snippetTag } from '../environment/host-pages'
import { expect, test } from '../environment/test'
import { takeTour } from '../environment/tour'

/** Every violation from the page's first moment on. */
async function watchViolations(page: Page): Promise<string[]> {
  const violations: string[] = []
  await page.exposeFunction('reportViolation', (violation: string) => violations.push(violation))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) => {
      const { reportViolation } = window as unknown as { reportViolation(violation: string): void }
      reportViolation(`${violatedDirective} ${blockedURI} ${sample}`)
    })
  })
  return violations
}

test('on the demo site, whose policy allows its own origin and no string as script', async ({
  page,
  widget,
  complaints,
}) => {
  const violations = await watchViolations(page)
  await page.goto('/demo')
  await takeTour(page, widget)
  expect(violations).toEqual([])
  expect(complaints).toEqual([])
})

test('on a page of another origin that allows no more than the documentation asks for', async ({
  page,
  widget,
  server,
  site,
  complaints,
}) => {
  const violations = await watchViolations(page)
  const policy = [
    "default-src 'none'",
    `script-src ${server.url}`,
    `connect-src ${server.url} ${server.url.replace('http', 'ws')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ]
  const address = site.add('/clinic', {
    ...ordinaryPage({ body: snippetTag(server.url, 'data-project-id="stmarys-patient-portal"') }),
    headers: { 'Content-Security-Policy': policy.join('; ') },
  })
  await page.goto(address)
  await takeTour(page, widget)
  expect(violations).toEqual([])
  expect(complaints).toEqual([])

  // The policy is in force: what it forbids is refused.
  await page.evaluate(() => {
    try {
      document.createElement('script').text = 'window.broken = true'
    } catch {
      // Trusted Types refuse it with an exception; the report is what counts here.
    }
  })
  await expect.poll(() => violations.join()).toContain('require-trusted-types-for')
})
