import { chromium } from '../environment/chromium'
import { clinic, ordinaryPage } from '../environment/host-pages'
import { expect, test } from '../environment/test'

// Playwright switches off what this is about.
test.use({ launchOptions: { ...chromium, ignoreDefaultArgs: ['--disable-back-forward-cache'] } })

test('a page that the browser had put aside is taken up where it was', async ({
  page,
  widget,
  server,
  site,
  complaints,
}) => {
  const head = `<script>addEventListener('pageshow', ({ persisted }) => { window.wasPutAside = persisted })</script>`
  await page.goto(clinic(site, server, 'riverside-plain', { head }))
  await widget.open()
  await widget.ask('How do I prepare for my stay?')
  await page.evaluate(() => {
    ;(window as unknown as { mark: string }).mark = 'the same page'
  })
  await page.goto(site.add('/elsewhere', ordinaryPage({})))
  // It is not loaded, so nothing says that it has been.
  await page.goBack({ waitUntil: 'commit' })
  // Not loaded again: what was on it still is.
  expect(await page.evaluate(() => (window as unknown as { mark?: string }).mark)).toBe('the same page')
  expect(await page.evaluate(() => (window as unknown as { wasPutAside: boolean }).wasPutAside)).toBe(true)
  await widget.connected()
  await expect(widget.answers).toHaveCount(1)
  await widget.ask('How do I prepare for my stay?')
  await expect(widget.questions).toHaveCount(2)
  expect(complaints).toEqual([])
})
