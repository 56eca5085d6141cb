import { embedCode, ordinaryPage, snippetTag } from '../environment/host-pages'
import { callKuzushi } from '../environment/page-api'
import { expect, test } from '../environment/test'
import { Widget } from '../environment/widget'

const PROJECT = 'stmarys-patient-portal'

function inlineWidget(apiBaseUrl: string, id: string, projectId: string): string {
  return `<div style="width: 420px; height: 560px"><kuzushi-widget id="${id}" project-id="${projectId}"
    api-base-url="${apiBaseUrl}" mode="inline"></kuzushi-widget></div>`
}

test('an inline widget fills the place that the page gave it', async ({ page, server, site, complaints }) => {
  const body = inlineWidget(server.url, 'ward', PROJECT) + snippetTag(server.url)
  await page.goto(site.add('/clinic', ordinaryPage({ body })))
  const widget = new Widget(page)
  await widget.connected()
  await expect(widget.launcher).toHaveCount(0)
  expect(await widget.panel.boundingBox()).toMatchObject({ width: 420, height: 560 })
  await expect(widget.panel.getByRole('button', { name: 'Close chat' })).toHaveCount(0)
  await expect(widget.input).not.toBeFocused()
  await widget.ask('What does parking cost?')
  expect(complaints).toEqual([])
})

test('two widgets on a page hold two conversations, also after a reload', async ({
  page,
  server,
  site,
  complaints,
}) => {
  const body =
    inlineWidget(server.url, 'patients', PROJECT) +
    inlineWidget(server.url, 'staff', 'stmarys-doctor-dashboard') +
    snippetTag(server.url)
  await page.goto(site.add('/clinic', ordinaryPage({ body })))
  const [patients, staff] = [new Widget(page, '#patients'), new Widget(page, '#staff')]
  await patients.connected()
  await staff.connected()
  await patients.ask('What does parking cost?')
  await expect(staff.questions).toHaveCount(0)
  await staff.ask('Who is on call for cardiology?')

  await page.reload()
  await expect(patients.questions).toHaveText(/What does parking cost\?/)
  await expect(staff.questions).toHaveText(/Who is on call for cardiology\?/)
  await expect(patients.answers).toHaveCount(1)
  await expect(staff.answers).toHaveCount(1)
  expect(complaints).toEqual([])
})

test('a single-page app can swap its content, move the widget and start it again on every route', async ({
  page,
  widget,
  server,
  site,
  complaints,
}) => {
  const body = `<div id="app"></div>${embedCode(server.url, PROJECT)}
  <script>
    addEventListener('popstate', () => route())
    function route() { document.querySelector('#app').innerHTML = '<h2>Route ' + location.pathname + '</h2>' }
    function go(path) {
      history.pushState({}, '', path)
      route()
      Kuzushi('init', { projectId: '${PROJECT}', apiBaseUrl: '${server.url}' })
    }
  </script>`
  await page.goto(site.add('/app', ordinaryPage({ body })))
  await widget.open()
  await widget.ask('What does parking cost?')
  await page.evaluate(() => (window as unknown as { go(path: string): void }).go('/app/visits'))
  await page.evaluate(() => (window as unknown as { go(path: string): void }).go('/app/bills'))
  await expect(page.getByRole('heading', { name: 'Route /app/bills' })).toBeVisible()
  await expect(widget.element).toHaveCount(1)
  await expect(widget.answers).toHaveCount(1)

  // Back is the page's: views of the widget leave no entries of their own.
  await widget.openView('Settings')
  await widget.back()
  await page.goBack()
  await expect(page.getByRole('heading', { name: 'Route /app/visits' })).toBeVisible()

  await page.evaluate(() => {
    const shell = document.body.appendChild(document.createElement('section'))
    shell.append(document.querySelector('kuzushi-widget') as Element)
  })
  await widget.ask('When can I visit my mother?')
  await expect(widget.answers).toHaveCount(2)

  // An app that throws its whole body away takes the widget along, and the next init finds the conversation.
  await page.evaluate(() => document.querySelector('kuzushi-widget')?.remove())
  await callKuzushi(page, 'init', { projectId: PROJECT, apiBaseUrl: server.url })
  await expect(widget.answers).toHaveCount(2)
  await expect(widget.element).toHaveCount(1)
  expect(complaints).toEqual([])
})

test('where the browser blocks storage, the conversation lasts as long as the page', async ({
  page,
  widget,
  complaints,
}) => {
  await page.addInitScript(() => {
    for (const name of ['localStorage', 'sessionStorage'])
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException('The request was denied.', 'SecurityError')
        },
      })
  })
  await page.goto('/demo')
  await widget.open()
  await widget.ask('When can I visit my mother?')
  await widget.ask('What does parking cost?')
  await widget.openView('Settings')
  await widget.panel.getByRole('radio', { name: 'Dark' }).check()
  await expect(widget.panel).toHaveCSS('background-color', 'rgb(23, 24, 28)')
  expect(complaints).toEqual([])
})
