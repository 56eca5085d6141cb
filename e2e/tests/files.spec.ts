import { readFile } from 'node:fs/promises'
import type { Locator, Page } from '@playwright/test'
import { expectAccessible } from '../environment/accessibility'
import { typed } from '../environment/canary'
import { drawing, type GivenFile, paper, picture } from '../environment/files'
import { clinic } from '../environment/host-pages'
import type { HostSite } from '../environment/host-site'
import type { KuzushiServer } from '../environment/kuzushi-server'
import { expect, test } from '../environment/test'
import type { Widget } from '../environment/widget'

/** No more than the documentation asks for, so that files need nothing else. */
const policy = ({ url }: KuzushiServer) =>
  [
    "default-src 'none'",
    `script-src 'unsafe-inline' ${url}`,
    `connect-src ${url} ${url.replace('http', 'ws')}`,
    "require-trusted-types-for 'script'",
  ].join('; ')

async function openClinic(page: Page, widget: Widget, server: KuzushiServer, site: HostSite): Promise<void> {
  await page.goto(
    clinic(site, server, 'riverside-files', { headers: { 'Content-Security-Policy': policy(server) } }),
  )
  await widget.open()
  await expect(attachButton(widget)).toBeVisible()
}

const attachButton = ({ panel }: Widget) => panel.getByRole('button', { name: 'Attach a photo or PDF' })
const toSend = ({ panel }: Widget) => panel.getByRole('list', { name: 'Files to send' }).getByRole('listitem')

async function choose(page: Page, widget: Widget, ...files: GivenFile[]): Promise<void> {
  const chooser = page.waitForEvent('filechooser')
  await attachButton(widget).click()
  await (await chooser).setFiles(files)
}

/** Files that come from elsewhere on the machine, by a drag or the clipboard. */
async function give(target: Locator, event: 'drop' | 'paste', { name, mimeType, buffer }: GivenFile) {
  await target.evaluate(
    (element, { event, name, mimeType, bytes }) => {
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File([new Uint8Array(bytes)], name, { type: mimeType }))
      const init = { bubbles: true, composed: true, cancelable: true }
      const given =
        event === 'drop'
          ? new DragEvent(event, { ...init, dataTransfer })
          : new ClipboardEvent(event, { ...init, clipboardData: dataTransfer })
      element.dispatchEvent(given)
    },
    { event, name, mimeType, bytes: [...buffer] },
  )
}

test('a photo and a letter go with a message, are there after a reload, and come back as downloads', async ({
  page,
  widget,
  server,
  site,
  complaints,
}) => {
  await openClinic(page, widget, server, site)
  await choose(page, widget, await picture(), paper())
  await expect(toSend(widget)).toHaveCount(2)
  await expect(toSend(widget).getByText(/\d kB$/)).toHaveCount(2)
  await expect(toSend(widget).locator('canvas')).toHaveCount(1)
  await expectAccessible(page, 'with files to send', 'kuzushi-widget')
  await widget.write('Is this the right form?')
  await widget.input.press('Enter')
  await expect(toSend(widget)).toHaveCount(0)
  await expect(widget.input).toHaveValue('')
  await expect(await widget.wholeAnswer(0)).toContainText('look into files')

  await page.reload()
  const own = widget.questions.first()
  await expect(own).toContainText('Is this the right form?')
  const [letter] = await Promise.all([
    page.waitForEvent('download'),
    own.getByRole('button', { name: 'Download', exact: false }).filter({ hasText: 'letter' }).click(),
  ])
  expect(letter.suggestedFilename()).toBe(`${typed('letter')}.pdf`)
  expect((await readFile(await letter.path())).equals(paper().buffer)).toBe(true)
  expect(complaints).toEqual([])
})

test('files can be dropped and pasted, and go without a word; the page never hears of it', async ({
  page,
  widget,
  server,
  site,
  complaints,
}) => {
  await openClinic(page, widget, server, site)
  await page.evaluate(() => {
    for (const name of ['drop', 'paste'])
      document.addEventListener(name, () => {
        document.title = `the page heard of a ${name}`
      })
  })
  await give(widget.transcript, 'drop', await picture())
  await expect(toSend(widget)).toHaveCount(1)
  await give(widget.input, 'paste', paper())
  await expect(toSend(widget)).toHaveCount(2)
  await expect(toSend(widget).getByText(/\d kB$/)).toHaveCount(2)
  // A third is one too many for a message, and is not taken.
  await give(widget.input, 'paste', paper('third.pdf'))
  await expect(widget.announcer).toHaveText('Only 2 files can go with a message.')
  await expect(toSend(widget)).toHaveCount(2)
  await widget.sendButton.click()
  await expect(await widget.wholeAnswer(0)).toContainText('Thank you. What you sent is kept')
  await expect(widget.questions.getByRole('button')).toHaveCount(2)
  expect(await page.title()).toBe('Riverside Clinic')
  expect(complaints).toEqual([])
})

test('what is not taken says why, and keeps nothing from being sent once it is removed', async ({
  page,
  widget,
  server,
  site,
}) => {
  await openClinic(page, widget, server, site)
  await choose(page, widget, drawing())
  const [file] = [toSend(widget).first()]
  await expect(file).toContainText('Only photos (JPEG, PNG, WebP) and PDF documents can be sent.')
  await widget.write('Look')
  await expect(widget.sendButton).toBeDisabled()
  await file.getByRole('button', { name: 'Remove drawing.png' }).click()
  await expect(widget.input).toBeFocused()
  await expect(widget.sendButton).toBeEnabled()

  await choose(page, widget, paper('form.pdf', '/OpenAction << /S /JavaScript /JS (app.alert) >>'))
  await expect(file).toContainText('This file may be unsafe and cannot be sent.')
  await file.getByRole('button', { name: 'Remove form.pdf' }).click()
  await choose(page, widget, { ...paper('long.pdf'), buffer: Buffer.alloc(3 * 1024 * 1024) })
  await expect(file).toContainText('This file is larger than 2 MB.')
  await file.getByRole('button', { name: 'Remove long.pdf' }).click()
  await choose(page, widget, { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('My knee') })
  await expect(file).toContainText('Only photos')
})

test('a file that does not arrive can be sent again, and one on its way be stopped', async ({
  page,
  widget,
  server,
  site,
}) => {
  await openClinic(page, widget, server, site)
  let first = true
  await page.route('**/files', (route) => {
    if (first && route.request().method() === 'POST') return route.abort()
    return route.continue()
  })
  await choose(page, widget, paper('letter.pdf'))
  const file = toSend(widget).first()
  await expect(file).toContainText('This file could not be sent.')
  first = false
  await file.getByRole('button', { name: 'Try again with letter.pdf' }).click()
  await expect(file).toContainText(/\d kB/)
  await expect(widget.announcer).toHaveText('letter.pdf is ready to send.')
  const taken = page.waitForResponse((response) => response.request().method() === 'DELETE')
  await file.getByRole('button', { name: 'Remove letter.pdf' }).click()
  expect((await taken).status()).toBe(204)

  await page.unroute('**/files')
  await page.route('**/files', () => new Promise(() => {}))
  await choose(page, widget, paper('letter.pdf'))
  await expect(widget.panel.getByRole('progressbar', { name: 'Sending letter.pdf' })).toBeVisible()
  const stopped = page.waitForEvent('requestfailed')
  await file.getByRole('button', { name: 'Remove letter.pdf' }).click()
  await stopped
  await expect(toSend(widget)).toHaveCount(0)
})

test.describe('on a phone', () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 360, height: 740 } })

  test('the camera is one tap away', async ({ page, widget, server, site }) => {
    await openClinic(page, widget, server, site)
    await expect(widget.panel.getByRole('button', { name: 'Take a photo' })).toBeVisible()
    const chooser = page.waitForEvent('filechooser')
    await widget.panel.getByRole('button', { name: 'Take a photo' }).tap()
    const element = (await chooser).element()
    expect(await element.getAttribute('capture')).toBe('environment')
    expect(await element.getAttribute('accept')).toBe('image/jpeg')
  })
})
