import { clinic } from '../environment/host-pages'
import { listenTo } from '../environment/page-api'
import { expect, test } from '../environment/test'

/** What a browser writes by itself under a request that was refused. */
const BROWSERS_OWN = /Failed to load resource/

const cases = [
  {
    title: 'a project that the server does not know',
    project: 'no-such-project',
    code: 'UNKNOWN_PROJECT',
    line: /^error: Kuzushi: projectId "no-such-project" is not known to http/,
  },
  {
    title: 'a page that the project does not allow',
    project: 'riverside-elsewhere',
    code: 'ORIGIN_NOT_ALLOWED',
    line: /^error: Kuzushi: the server refused this page \(ORIGIN_NOT_ALLOWED\)$/,
  },
]

for (const { title, project, code, line } of cases)
  test(`${title}: one line for developers, a polite word for visitors, a page that works`, async ({
    page,
    widget,
    server,
    site,
    complaints,
  }) => {
    await page.goto(clinic(site, server, project))
    await expect(widget.launcher).toBeVisible()
    expect(complaints).toEqual([])

    const errors = await listenTo(page, ['error'])
    await widget.launcher.click()
    await expect(
      widget.panel.getByRole('heading', { name: 'The assistant is not available here' }),
    ).toBeVisible()
    await expect(widget.panel).toContainText('Everything else on this page works as usual.')
    await expect(widget.input).toBeHidden()
    expect((await errors()).map(({ payload }) => payload.code)).toEqual([code])

    // Neither closing and opening nor using the page asks again or complains again.
    await widget.panel.getByRole('button', { name: 'Close chat' }).click()
    await widget.launcher.click()
    await page.getByRole('searchbox').fill('knee')
    await expect(page.getByRole('searchbox')).toHaveValue('knee')
    const ours = complaints.filter((complaint) => !BROWSERS_OWN.test(complaint))
    expect(ours).toEqual([expect.stringMatching(line)])
    expect(complaints.length - ours.length).toBe(1)
  })

test('a site whose name the demo does not allow is refused, also where it is the same machine', async ({
  page,
  widget,
  server,
  site,
}) => {
  clinic(site, server, 'stmarys-patient-portal')
  await page.goto(`http://www.other-hospital.test:${site.port}/clinic`)
  await widget.launcher.click()
  await expect(
    widget.panel.getByRole('heading', { name: 'The assistant is not available here' }),
  ).toBeVisible()
})
