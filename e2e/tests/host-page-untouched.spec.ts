import type { Page } from '@playwright/test'
import { embedCode, ordinaryPage } from '../environment/host-pages'
import { callKuzushi } from '../environment/page-api'
import { differences, takeFingerprint } from '../environment/page-fingerprint'
import { expect, test } from '../environment/test'
import { takeTour } from '../environment/tour'

/** Keeps the snippet outside until the test has looked at the page as it is without it. */
async function holdBackSnippet(page: Page): Promise<() => void> {
  let letIn = () => {}
  const allowed = new Promise<void>((resolve) => {
    letIn = resolve
  })
  await page.route('**/snippet.js', async (route) => {
    await allowed
    await route.continue()
  })
  return letIn
}

test('the widget leaves the hospital’s page as it was, while it runs and after it has gone', async ({
  page,
  widget,
  server,
  site,
  complaints,
}) => {
  const origins = new Set<string>()
  page.on('request', (request) => origins.add(new URL(request.url()).origin))
  page.on('websocket', (socket) => origins.add(new URL(socket.url()).origin))
  const letSnippetIn = await holdBackSnippet(page)
  await page.goto(
    site.add('/clinic', ordinaryPage({ head: embedCode(server.url, 'stmarys-patient-portal') })),
    {
      waitUntil: 'commit',
    },
  )
  await page.getByRole('searchbox').focus()
  await page.waitForFunction(() => document.readyState !== 'loading')
  const fingerprint = await takeFingerprint(page)
  expect(await differences(fingerprint)).toEqual([])

  letSnippetIn()
  await expect(widget.launcher).toBeVisible()
  await expect(page.getByRole('searchbox')).toBeFocused()
  expect(await differences(fingerprint)).toEqual(['new global: Kuzushi'])

  await takeTour(page, widget)
  expect(await differences(fingerprint)).toEqual(['new global: Kuzushi'])
  const socketOrigin = server.url.replace('http', 'ws')
  // A saved copy is a blob, whose origin is the page's.
  expect([...origins].filter((origin) => origin !== 'null').sort()).toEqual(
    [site.origin, server.url, socketOrigin].sort(),
  )

  await callKuzushi(page, 'shutdown')
  await expect(widget.element).toHaveCount(0)
  expect(await differences(fingerprint)).toEqual(['new global: Kuzushi'])
  expect(complaints).toEqual([])
})

test('the comparison notices what a careless widget does', async ({ page, site }) => {
  await page.goto(site.add('/clinic', ordinaryPage({})))
  const fingerprint = await takeFingerprint(page)
  await page.evaluate(() => {
    Object.assign(window, { leaked: true })
    HTMLElement.prototype.focus = () => {}
    Object.assign(Array.prototype, { last() {} })
    document.head.append(document.createElement('style'))
    document.adoptedStyleSheets = [new CSSStyleSheet()]
    document.body.classList.add('no-scroll')
    document.querySelector('main')?.setAttribute('aria-hidden', 'true')
    document.title = '(1) New message'
    history.pushState({}, '', '#chat')
    localStorage.setItem('someone-else', '1')
  })
  const found = (await differences(fingerprint)).map((difference) => difference.split(':')[0])
  expect(found).toEqual([
    'new global',
    'changed',
    'changed',
    ...['title', 'address', 'historyLength', 'historyState', 'head', 'body', 'content'],
    ...['styleSheets', 'adoptedStyleSheets', 'storageOfOthers'],
  ])
})

test('Tab goes through the page as before, with the launcher as its last stop', async ({
  page,
  widget,
  server,
  site,
}) => {
  const stops = async () => {
    const names: string[] = []
    for (;;) {
      await page.keyboard.press('Tab')
      const name = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 40) ?? '')
      // Behind the last stop the focus leaves the page.
      if (name.startsWith('<body') || names.length > 20) return names
      names.push(name)
    }
  }
  await page.goto(site.add('/without', ordinaryPage({})))
  const without = await stops()
  expect(without).toHaveLength(4)

  await page.goto(site.add('/with', ordinaryPage({ body: embedCode(server.url, 'stmarys-patient-portal') })))
  await expect(widget.launcher).toBeVisible()
  const withWidget = await stops()
  expect(withWidget.slice(0, -1)).toEqual(without)
  expect(withWidget.at(-1)).toMatch(/^<kuzushi-widget/)
})

test('what is typed in the widget is no shortcut of the page’s', async ({ page, widget, server, site }) => {
  const shortcuts = `<script>
    window.pressed = []
    for (const type of ['keydown', 'keypress', 'keyup'])
      document.addEventListener(type, ({ key }) => pressed.push(key))
  </script>`
  await page.goto(
    site.add('/clinic', ordinaryPage({ body: shortcuts + embedCode(server.url, 'stmarys-patient-portal') })),
  )
  await widget.open()
  await widget.input.pressSequentially('Hi?')
  await expect(widget.input).toHaveValue('Hi?')
  expect(await page.evaluate(() => (window as unknown as { pressed: string[] }).pressed)).toEqual([])
})
