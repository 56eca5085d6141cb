import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import { build } from 'vite'
import type { HostSite } from '../environment/host-site'
import { callKuzushi } from '../environment/page-api'
import { expect, test } from '../environment/test'
import type { Widget } from '../environment/widget'

// Pages that were not written for the widget get it by the documentation alone.

const repository = fileURLToPath(new URL('../..', import.meta.url))
const WRITTEN_FOR = 'https://assistant.example.org'

/** The first block of HTML of docs/embedding.md: what a web team pastes. */
async function pasted(serverUrl: string): Promise<string> {
  const page = await readFile(`${repository}docs/embedding.md`, 'utf8')
  const [, html] = /```html\n(.*?)```/s.exec(page) ?? []
  expect(html).toContain(`${WRITTEN_FOR}/widget/v1/snippet.js`)
  return html?.replaceAll(WRITTEN_FOR, serverUrl) ?? ''
}

/** Puts a folder's files on the site, as they are. */
async function serveFiles(site: HostSite, folder: string, files: string[]): Promise<void> {
  for (const file of files)
    site.add(`/${file}`, { html: await readFile(`${repository}node_modules/${folder}/${file}`, 'utf8') })
}

/** What is of other hosts stays away: this machine reaches none. */
async function onlyFromHere(page: Page, ours: string[]): Promise<void> {
  await page.route(
    (url) => !ours.includes(url.origin),
    (route) => route.abort(),
  )
}

async function askAndLeave(widget: Widget): Promise<void> {
  await widget.open()
  await widget.ask('What does parking cost?')
  await widget.panel.getByRole('button', { name: 'Close chat' }).click()
  await expect(widget.panel).toBeHidden()
}

test('a Bootstrap page', async ({ page, widget, server, site }) => {
  const theme = 'startbootstrap-creative/dist'
  await serveFiles(site, theme, ['css/styles.css', 'js/scripts.js'])
  await serveFiles(site, 'bootstrap/dist', ['js/bootstrap.bundle.min.js'])
  const original = (await readFile(`${repository}node_modules/${theme}/index.html`, 'utf8')).replace(
    /https:\/\/cdn\.[^"]*\/js\/bootstrap\.bundle\.min\.js/,
    '/js/bootstrap.bundle.min.js',
  )
  await onlyFromHere(page, [site.origin, server.url])
  await page.goto(site.add('/plain', { html: original }))
  const heading = page.getByRole('heading', { level: 1 })
  const looks = () =>
    heading.evaluate((element) => {
      const { font, color } = getComputedStyle(element)
      return { font, color, box: element.getBoundingClientRect().toJSON() }
    })
  const before = await looks()

  const html = original.replace('</body>', `${await pasted(server.url)}</body>`)
  await page.goto(site.add('/clinic', { html }))
  await expect(widget.launcher).toBeVisible()
  expect(await looks()).toEqual(before)
  await askAndLeave(widget)
  // The page's own things go on working beside it.
  await page.setViewportSize({ width: 500, height: 800 })
  await page.getByRole('button', { name: 'Toggle navigation' }).click()
  await expect(page.getByRole('link', { name: 'Services' })).toBeVisible()
})

const THEME = '/usr/share/wordpress/wp-content/themes/twentytwentyone'

test('a WordPress page', async ({ page, widget, server, site, complaints }) => {
  test.skip(!existsSync(THEME), 'the theme is a package of Debian: wordpress-theme-twentytwentyone')
  for (const file of ['style.css', 'assets/js/primary-navigation.js', 'assets/js/responsive-embeds.js'])
    site.add(`/${file}`, { html: await readFile(`${THEME}/${file}`, 'utf8') })
  // As the theme's templates draw a page, and a plugin for snippets puts what is pasted before the end of the body.
  const html = (pastedHere: string) => `<!doctype html>
<html lang="en-US" class="no-js">
<head><meta charset="UTF-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Visiting &#8211; Riverside Clinic</title><link rel="stylesheet" href="/style.css"></head>
<body class="page-template-default page page-id-2 wp-embed-responsive is-light-theme no-js singular has-main-navigation">
<div id="page" class="site"><a class="skip-link screen-reader-text" href="#content">Skip to content</a>
<header id="masthead" class="site-header has-title-and-tagline has-menu"><div class="site-branding">
<p class="site-title"><a href="/" rel="home">Riverside Clinic</a></p><p class="site-description">Care on Mill Lane</p></div>
<nav id="site-navigation" class="primary-navigation" aria-label="Primary menu"><div class="menu-button-container">
<button id="primary-mobile-menu" class="button" aria-controls="primary-menu-list" aria-expanded="false">
<span class="dropdown-icon open">Menu</span><span class="dropdown-icon close">Close</span></button></div>
<div class="primary-menu-container"><ul id="primary-menu-list" class="menu-wrapper">
<li class="menu-item"><a href="#visiting">Visiting</a></li><li class="menu-item"><a href="#doctors">Doctors</a></li></ul></div></nav></header>
<div id="content" class="site-content"><div id="primary" class="content-area"><main id="main" class="site-main">
<article class="post-2 page type-page status-publish hentry entry"><header class="entry-header alignwide">
<h1 class="entry-title">Visiting</h1></header><div class="entry-content"><p>We are open from 8 am to 5 pm.</p>
<div class="wp-block-buttons"><div class="wp-block-button"><a class="wp-block-button__link" href="#map">Find us</a></div></div></div></article>
</main></div></div></div>
<script src="/assets/js/primary-navigation.js"></script><script src="/assets/js/responsive-embeds.js"></script>
${pastedHere}</body></html>`
  await page.goto(site.add('/plain', { html: html('') }))
  const button = page.getByRole('link', { name: 'Find us' })
  const looks = () =>
    button.evaluate((element) => {
      const { font, color, backgroundColor } = getComputedStyle(element)
      return { font, color, backgroundColor, box: element.getBoundingClientRect().toJSON() }
    })
  const before = await looks()
  await page.goto(site.add('/clinic', { html: html(await pasted(server.url)) }))
  await expect(widget.launcher).toBeVisible()
  expect(await looks()).toEqual(before)
  // The theme styles every button and text field of a page; ours are not of it.
  const { color, backgroundColor } = await looks()
  expect(backgroundColor).not.toBe('rgba(0, 0, 0, 0)')
  await askAndLeave(widget)
  await widget.launcher.click()
  const ours = await widget.panel
    .getByRole('button', { name: 'Close chat' })
    .evaluate((element) => getComputedStyle(element).backgroundColor)
  expect(ours).not.toBe(backgroundColor)
  expect(color).toBeTruthy()
  await widget.panel.getByRole('button', { name: 'Close chat' }).click()
  await page.setViewportSize({ width: 400, height: 800 })
  await page.getByRole('button', { name: 'Menu' }).click()
  await expect(page.getByRole('link', { name: 'Doctors' })).toBeVisible()
  expect(complaints).toEqual([])
})

test('the plain example', async ({ page, widget, server, site, complaints }) => {
  const html = (await readFile(`${repository}examples/plain/index.html`, 'utf8')).replaceAll(
    WRITTEN_FOR,
    server.url,
  )
  await page.goto(site.add('/clinic', { html }))
  await page.getByRole('button', { name: 'Where can I park?' }).click()
  await widget.wholeAnswer(0)
  await expect(widget.questions).toHaveText(/Where can I park\?/)
  expect(complaints).toEqual([])
})

test('the React example, by the npm package and its types', async ({
  page,
  widget,
  server,
  site,
  complaints,
}) => {
  const result = await build({
    root: `${repository}examples/react`,
    configFile: false,
    logLevel: 'warn',
    mode: 'development',
    define: { 'import.meta.env.VITE_ASSISTANT': JSON.stringify(server.url) },
    build: { write: false },
  })
  const { output } = (Array.isArray(result) ? result[0] : result) as {
    output: { fileName: string; code?: string; source?: string | Uint8Array }[]
  }
  for (const { fileName, code, source } of output)
    site.add(fileName === 'index.html' ? '/app' : `/${fileName}`, { html: code ?? String(source) })

  await page.goto(`${site.origin}/app`)
  const ask = page.getByRole('button', { name: 'Ask us' })
  await ask.click()
  await widget.connected()
  await widget.ask('What does parking cost?')
  // A single-page app goes elsewhere and comes back.
  await page.getByRole('button', { name: 'About' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('About us')
  await expect(widget.element).toHaveCount(0)
  await page.getByRole('button', { name: 'Home' }).click()
  await ask.click()
  await expect(widget.element).toHaveCount(1)
  await expect(widget.answers).toHaveCount(1)
  await callKuzushi(page, 'hide')
  await expect(widget.panel).toBeHidden()
  expect(complaints.filter((text) => !text.includes('React DevTools'))).toEqual([])
})
