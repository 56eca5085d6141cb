import type { Page } from '@playwright/test'
import { clinic } from '../environment/host-pages'
import { expect, test } from '../environment/test'

/** What every live region of the widget has said since, in order: one entry for each change of its text. */
async function listenToLiveRegions(page: Page) {
  const spoken = await page.evaluateHandle(() => {
    const root = document.querySelector('kuzushi-widget')?.shadowRoot as ShadowRoot
    const regions = () => root.querySelectorAll('[aria-live], [role=status], [role=alert], [role=log]')
    const last = new Map<Element, string>()
    const spoken: string[] = []
    for (const region of regions()) last.set(region, region.textContent ?? '')
    const listen = () => {
      for (const region of regions()) {
        // A log speaks unless it says that it doesn't.
        if (region.getAttribute('aria-live') === 'off') continue
        // Not trimmed: a space at the end is what makes a repeated text a new one.
        const text = region.textContent ?? ''
        if (text !== (last.get(region) ?? '')) {
          last.set(region, text)
          if (text) spoken.push(text)
        }
      }
    }
    new MutationObserver(listen).observe(root, { subtree: true, childList: true, characterData: true })
    return spoken
  })
  return () => spoken.jsonValue()
}

test('a screen reader hears each answer once and whole, never word by word', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, 'riverside-unhurried'))
  await widget.open()
  const spoken = await listenToLiveRegions(page)
  await widget.send('How do I prepare for my stay?')
  await expect(widget.answers).toContainText('call the front desk')
  expect(await spoken()).toEqual([])
  await widget.wholeAnswer(0)
  await expect
    .poll(spoken)
    .toEqual([expect.stringMatching(/^Assistant: To prepare for your stay, call .* until you are back\.$/)])

  await widget.ask('Where are the guest computers?')
  await expect.poll(spoken).toHaveLength(2)
  // Words, not Markdown.
  expect((await spoken()).at(1)).toContain('or the house rules first.')

  await widget.ask('Where are the guest computers?')
  await expect.poll(spoken, 'the same answer again is heard again').toHaveLength(3)
})

test('who answers is said once, as the chat opens', async ({ page, widget, server, site }) => {
  await page.goto(clinic(site, server, 'riverside-unhurried'))
  await expect(widget.launcher).toBeVisible()
  const spoken = await listenToLiveRegions(page)
  await widget.open()
  await expect
    .poll(spoken)
    .toEqual([expect.stringMatching(/^You are chatting with an AI assistant, not a person\./)])
})

test('losing and finding the connection is said', async ({ page, widget, server }) => {
  await page.goto('/demo')
  await widget.open()
  const spoken = await listenToLiveRegions(page)
  await server.kill()
  await expect.poll(spoken).toEqual(['No connection. Trying again…'])
  await server.start()
  await widget.connected()
})
