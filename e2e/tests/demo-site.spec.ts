import { expectAccessible } from '../environment/accessibility'
import { expect, test } from '../environment/test'

const PAGES = [
  '/demo',
  '/demo/visiting',
  '/demo/appointments',
  '/demo/patients',
  '/demo/billing',
  '/demo/guides',
  '/demo/about',
  '/demo/contact',
  '/demo/staff',
  '/demo/articles/visiting-hours',
  '/demo/articles/staff-on-call',
]

for (const { device, ...size } of [
  { device: 'a desktop', width: 1440, height: 900 },
  { device: 'a phone', width: 390, height: 844 },
])
  test(`the demo hospital’s pages on ${device}: accessible, complete, and within their policy`, async ({
    page,
    widget,
    complaints,
  }) => {
    const missing: string[] = []
    page.on('response', (response) => {
      if (response.status() >= 400) missing.push(`${response.status()} ${new URL(response.url()).pathname}`)
    })
    await page.setViewportSize(size)
    for (const path of PAGES) {
      await page.goto(path)
      await expect(widget.launcher).toBeVisible()
      await expectAccessible(page, path)
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(sideways, `${path} scrolls sideways`).toBeLessThanOrEqual(0)
    }
    expect(missing).toEqual([])
    expect(complaints).toEqual([])
  })

test('every link of the site leads somewhere', async ({ page, request }) => {
  const links = new Set<string>()
  for (const path of PAGES) {
    await page.goto(path)
    const found = await page
      .locator('a[href], img[src], link[href], script[src]')
      .evaluateAll((elements) =>
        elements.map((element) => (element as HTMLAnchorElement).href || (element as HTMLImageElement).src),
      )
    for (const link of found) if (link.startsWith('http')) links.add(link.split('#')[0] as string)
  }
  expect(links.size).toBeGreaterThan(50)
  const broken: string[] = []
  for (const link of links) {
    const response = await request.get(link)
    if (!response.ok()) broken.push(`${response.status()} ${link}`)
  }
  expect(broken).toEqual([])
})

test('a page that does not exist says so, and still offers the assistant', async ({ page, widget }) => {
  const response = await page.goto('/demo/articles/no-such-article')
  expect(response?.status()).toBe(404)
  await expectAccessible(page, 'missing page')
  await widget.open()
})

test('a question printed on the page opens the assistant and asks it', async ({ page, widget }) => {
  await page.goto('/demo')
  await page.getByRole('button', { name: 'What does parking cost?' }).click()
  await expect(await widget.wholeAnswer(0)).toContainText(/parking/i)
  await expect(widget.questions).toHaveText(/What does parking cost\?/)
})

test('the doctors’ dashboard has an assistant of its own', async ({ page, widget }) => {
  await page.goto('/demo/staff')
  await widget.open()
  const answer = await widget.ask('Who is on call for cardiology?')
  await expect(answer).toContainText('on-call roster')
  await page.goto('/demo')
  await widget.open()
  await expect(widget.questions).toHaveCount(0)
})
