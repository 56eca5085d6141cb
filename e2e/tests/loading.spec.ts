import { expect, test } from '../environment/test'

const MOST_BYTES_BEFORE_INTENT = 2048

test('until somebody wants the widget, a page loads the snippet and the launcher and nothing more', async ({
  page,
  widget,
}) => {
  const fetched: { path: string; bytes: number }[] = []
  const sockets: string[] = []
  page.on('websocket', (socket) => sockets.push(socket.url()))
  page.on('requestfinished', async (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/demo')) return
    const { responseBodySize } = await request.sizes()
    fetched.push({ path: pathname, bytes: responseBodySize })
  })

  await page.goto('/demo', { waitUntil: 'networkidle' })
  await expect(widget.launcher).toBeVisible()
  expect(fetched.map(({ path }) => path).sort()).toEqual(['/widget/v1/loader.js', '/widget/v1/snippet.js'])
  expect(fetched.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(MOST_BYTES_BEFORE_INTENT)
  expect(fetched.every(({ bytes }) => bytes > 0)).toBe(true)

  // Pointing at it is intent enough to fetch the code, and not enough to begin a conversation.
  await widget.launcher.hover()
  await expect.poll(() => fetched.map(({ path }) => path).join()).toMatch(/\/widget\/v1\/widget-[\w-]+\.js/)
  await page.waitForLoadState('networkidle')
  expect(fetched.filter(({ path }) => path.startsWith('/v1/'))).toEqual([])
  expect(sockets).toEqual([])

  await widget.open()
  expect(fetched.map(({ path }) => path)).toContain('/v1/widget/session/init')
  expect(sockets).toHaveLength(1)
})

test('the second page view asks for no bundle again', async ({ page, widget }) => {
  await page.goto('/demo')
  await widget.open()
  const transferred = await page.evaluate(() => performance.getEntriesByType('resource').length)
  expect(transferred).toBeGreaterThan(0)

  await page.goto('/demo/contact')
  await expect(widget.panel).toBeVisible()
  const fromNetwork = await page.evaluate(() =>
    (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
      .filter(({ name }) => name.includes('/widget/v1/widget-'))
      .map(({ transferSize }) => transferSize),
  )
  expect(fromNetwork).toEqual([0])
})

test('a bundle that cannot be fetched is said once, and the next click tries again', async ({
  page,
  widget,
  complaints,
}) => {
  const bundle = /\/widget\/v1\/widget-[\w-]+\.js/
  await page.route(bundle, (route) => route.abort())
  await page.goto('/demo')
  // A pointer on the launcher is the first try; a click would be the second if the first had failed by then.
  await widget.launcher.hover()
  await expect(widget.launcher).toHaveAttribute('title', 'Chat cannot be reached')
  expect(complaints.filter((line) => line.includes('Kuzushi'))).toHaveLength(1)

  await page.unroute(bundle)
  await widget.launcher.click()
  await widget.connected()
  // And what comes later belongs to the bundle that came.
  await widget.openView('Settings')
  await widget.panel.getByRole('radio', { name: 'Largest' }).check()
  await widget.back()
  await expect((await widget.ask('When can I visit my mother?')).locator('.prose')).toContainText('8 pm')
})

test('an answer whose formatting cannot be fetched is there as it was written, and formatted once it can', async ({
  page,
  widget,
}) => {
  const formatting = /\/widget\/v1\/markdown-[\w-]+\.js/
  await page.route(formatting, (route) => route.abort())
  await page.goto('/demo')
  await widget.open()
  const answer = await widget.ask('When can I visit my mother?')
  await expect(answer.locator('.unformatted')).toContainText('8 pm')
  await expect(answer.locator('.prose')).toHaveCount(0)
  await expect(widget.source('Visiting hours')).toBeVisible()
  await expect(widget.announcer).toContainText('8 pm')

  await page.unroute(formatting)
  await widget.ask('What does parking cost?')
  await expect(widget.answers.locator('.prose')).toHaveCount(2)
  await expect(widget.answers.locator('.unformatted')).toHaveCount(0)
})

test('a view that cannot be fetched says so, and comes when it is tried again', async ({ page, widget }) => {
  const views = /\/widget\/v1\/other-view-[\w-]+\.js/
  await page.route(views, (route) => route.abort())
  await page.goto('/demo')
  await widget.open()
  await widget.panel.getByRole('button', { name: 'Settings' }).click()
  await expect(widget.panel.getByText('This could not be loaded.')).toBeVisible()
  await widget.panel.getByRole('button', { name: 'Try again' }).click()
  await expect(widget.panel.getByText('This could not be loaded.')).toBeVisible()

  await page.unroute(views)
  await widget.panel.getByRole('button', { name: 'Try again' }).click()
  await expect(widget.panel.getByRole('radio', { name: 'Largest' })).toBeVisible()
})

test('once there was a connection, no view needs another', async ({ page, context, widget }) => {
  await page.goto('/demo')
  const views = page.waitForResponse(/\/widget\/v1\/other-view-[\w-]+\.js/)
  await widget.open()
  await (await views).finished()
  await context.setOffline(true)
  await widget.openView('Settings')
  await expect(widget.panel.getByRole('radio', { name: 'Largest' })).toBeVisible()
})
