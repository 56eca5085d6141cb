import { expectAccessible } from '../environment/accessibility'
import { clinic, embedCode, ordinaryPage } from '../environment/host-pages'
import { expect, test } from '../environment/test'

test.describe('a visitor whose browser is in Spanish', () => {
  test.use({ locale: 'es-MX' })

  test('on a page without a language is spoken to in Spanish, from our own server', async ({
    page,
    widget,
    server,
    site,
    complaints,
  }) => {
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    const { html } = ordinaryPage({ body: embedCode(server.url, 'riverside-plain') })
    await page.goto(site.add('/clinica', { html: html.replace(' lang="en"', '') }))
    await widget.launcher.click()
    await expect(widget.panel.getByText('En línea')).toBeVisible()
    await expect(widget.launcher).toHaveAccessibleName('Cerrar el chat')
    // What the other views fall back to is English, in any language.
    const words = asked.filter((address) => /\/words-(?!en-)/.test(address))
    expect(words).toHaveLength(1)
    expect(words[0]).toContain(`${server.url}/widget/v1/words-es-`)
    expect(complaints).toEqual([])
  })
})

test('the visitor chooses Arabic: everything is mirrored, and it is there on the next page', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, 'riverside-plain'))
  await widget.open()
  await widget.ask('Where are the guest computers?')
  await widget.openView('Settings')
  await widget.panel.getByLabel('Language').focus()
  await widget.panel.getByLabel('Language').selectOption('العربية')
  await expect(widget.panel.getByRole('heading', { name: 'الإعدادات' })).toBeVisible()
  await expect(widget.panel.getByLabel('اللغة')).toBeFocused()
  await expectAccessible(page, 'settings in Arabic', 'kuzushi-widget')
  await widget.panel.getByRole('button', { name: 'العودة إلى الدردشة' }).click()
  const [question, panel] = await Promise.all([
    widget.panel.locator('.message-user .bubble').boundingBox(),
    widget.panel.boundingBox(),
  ])
  expect((question?.x ?? 0) - (panel?.x ?? 0), 'on the left').toBeLessThan(40)
  // The page itself is what it was.
  expect(await page.evaluate(() => document.documentElement.dir)).toBe('')

  await page.reload()
  await expect(widget.panel.getByText('متصل')).toBeVisible()
  await expect(widget.panel.locator('.message-user')).toHaveCount(1)
})

test('without its catalogue the widget begins in English', async ({ page, widget, server, site }) => {
  await page.route(/\/widget\/v1\/words-/, (route) => route.abort())
  await page.goto(
    site.add('/klinik', ordinaryPage({ body: embedCode(server.url, 'riverside-plain', { locale: 'de' }) })),
  )
  await widget.open()
  await page.unroute(/\/widget\/v1\/words-/)
  await widget.panel.getByRole('button', { name: 'Close chat' }).click()
  await widget.launcher.click()
  await expect(widget.panel.getByRole('button', { name: 'Chat schließen' })).toBeVisible()
})
