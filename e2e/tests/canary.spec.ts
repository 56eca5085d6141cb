import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CANARY, LogWatch, PageWatch, typed } from '../environment/canary'
import { ordinaryPage } from '../environment/host-pages'
import { expect, test } from '../environment/test'

// Every test looks for what was typed in it (`environment/test.ts`). These show that the looking finds it.

test('what a patient typed is found wherever a page must not have it', async ({ browser, server, site }) => {
  const context = await browser.newContext()
  const watch = new PageWatch(context, () => server.url)
  const page = await context.newPage()
  await page.goto(site.add('/leaks', ordinaryPage({})))
  await page.evaluate((canary) => {
    // What waits to be sent, and the draft.
    localStorage['kuzushi:clinic:#m1'] = canary
    sessionStorage['kuzushi:clinic:#draft'] = canary
  }, CANARY)
  expect(await watch.found()).toEqual([])

  await page.evaluate(async (canary) => {
    localStorage['kuzushi:clinic:'] = canary
    sessionStorage.other = canary
    document.title = canary
    document.body.dataset.words = canary
    window.name = canary
    history.replaceState({ words: canary }, '', `#${canary}`)
    console.log(canary)
    await caches.open('words')
    await new Promise((done) => (indexedDB.open('words').onsuccess = done))
    await fetch(`/?q=${canary}`)
    await fetch('/elsewhere', { method: 'POST', body: canary })
    new WebSocket(`${location.origin.replace('http', 'ws')}/?q=${canary}`)
  }, CANARY)
  await context.addCookies([{ name: 'words', value: CANARY, url: site.origin }])
  const elsewhere = `a request to ${site.origin}/elsewhere`
  await expect
    .poll(() => watch.found())
    .toEqual(
      expect.arrayContaining([
        ...['localStorage kuzushi:clinic:', 'sessionStorage other', 'IndexedDB words', 'the cache words'],
        ...['its title', "the page's own markup", "the window's name", "the history's state", 'a cookie'],
        ...['its address', "a page's address", 'its resources', 'an address', "a socket's address"],
        ...['the console', elsewhere],
      ]),
    )
  await context.close()
})

test('what a patient typed is found in a log and in the files of a server', async ({ server }) => {
  const log = new LogWatch()
  log.hear('listening')
  log.hear(typed('somebody wrote: it hurts'))
  expect(log.found).toEqual([typed('somebody wrote: it hurts')])

  expect(await server.leaks()).toEqual([])
  const file = join(server.dataFolder, 'words')
  await writeFile(file, typed('It hurts'))
  expect(await server.leaks()).toEqual([file])
  await rm(file)
})
