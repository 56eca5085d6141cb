import { clinic } from '../environment/host-pages'
import { expect, test } from '../environment/test'

test('text size and appearance follow the visitor’s choice, here, in another tab and after a reload', async ({
  page,
  context,
  widget,
}) => {
  await page.goto('/demo')
  await widget.open()
  const greeting = widget.panel.locator('.suggestions-title')
  await expect(greeting).toHaveCSS('font-size', '15px')
  await expect(widget.panel).toHaveCSS('background-color', 'rgb(255, 255, 255)')
  const beside = await context.newPage()
  const widgetBeside = widget.on(beside)
  await beside.goto('/demo/contact')
  await widgetBeside.open()

  await widget.openView('Settings')
  await expect(widget.panel.getByRole('radio', { name: 'Light' })).toBeChecked()
  await widget.panel.getByRole('radio', { name: 'Largest' }).check()
  await widget.panel.getByRole('radio', { name: 'Dark' }).check()

  for (const where of [widget, widgetBeside]) {
    await expect(where.panel).toHaveCSS('background-color', 'rgb(23, 24, 28)')
    await expect(where.panel).toHaveCSS('font-size', '21px')
  }
  await page.reload()
  await expect(widget.panel).toHaveCSS('background-color', 'rgb(23, 24, 28)')
  await expect(greeting).toHaveCSS('font-size', '21px')
})

test('an app that leaves the choice to the visitor’s system follows it as it changes', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.goto(clinic(site, server, 'riverside-plain'))
  await widget.open()
  await expect(widget.panel).toHaveCSS('background-color', 'rgb(23, 24, 28)')
  await page.emulateMedia({ colorScheme: 'light' })
  await expect(widget.panel).toHaveCSS('background-color', 'rgb(255, 255, 255)')
})
