import type { Page } from '@playwright/test'
import { expect, test } from '../environment/test'

test('a patient asks on the hospital’s page and gets a streamed answer with its source', async ({
  page,
  widget,
  complaints,
}) => {
  await page.goto('/demo')
  await expect(widget.launcher).toHaveAccessibleName('Open chat')
  await widget.open()
  await expect(widget.panel.getByRole('heading', { name: /welcome to St. Mary's/ })).toBeVisible()

  await widget.write('When can I visit my mother?')
  const lengths = await recordAnswerLengths(page)
  await widget.input.press('Enter')
  const answer = await widget.wholeAnswer(0)

  await expect(answer).toContainText('10 am to 8 pm')
  const grown = await lengths.jsonValue()
  expect(grown.length, `the answer's length while it came: ${grown}`).toBeGreaterThan(5)
  expect(grown).toEqual([...grown].sort((one, other) => one - other))

  const source = widget.source('Visiting hours').first()
  const [article] = await Promise.all([page.waitForEvent('popup'), source.click()])
  await expect(article.getByRole('heading', { level: 1 })).toHaveText('Visiting hours')
  expect(new URL(article.url()).pathname).toBe('/demo/articles/visiting-hours')
  expect(complaints).toEqual([])
})

test('the conversation is there after a reload, on another page, and in a tab that is open beside', async ({
  page,
  context,
  widget,
}) => {
  await page.goto('/demo')
  await widget.open()
  const first = await widget.ask('When can I visit my mother?')
  const said = (await first.locator('.prose').textContent()) ?? ''

  await page.reload()
  await expect(widget.panel).toBeVisible()
  await expect(widget.questions).toHaveText(/When can I visit my mother\?/)
  await expect(widget.answers.locator('.prose')).toHaveText(said)

  await page.goto('/demo/billing')
  await expect(widget.answers.locator('.prose')).toHaveText(said)
  await widget.panel.getByRole('button', { name: 'Close chat' }).click()
  await page.goto('/demo/contact')
  await expect(widget.launcher).toBeVisible()
  await expect(widget.panel).toBeHidden()
  await widget.open()
  await expect(widget.answers.locator('.prose')).toHaveText(said)

  const second = await context.newPage()
  const widgetBeside = widget.on(second)
  await second.goto('/demo')
  await widgetBeside.open()
  await expect(widgetBeside.answers).toHaveCount(1)
  await widget.send('And on Sundays?')
  await expect(widgetBeside.questions.last()).toContainText('And on Sundays?')
  const answer = await widgetBeside.wholeAnswer(1)
  await expect(answer).toContainText(/Sunday/)
  await expect(answer).toContainText('10 am to 8 pm')
  await widget.wholeAnswer(1)
  expect(await widget.answers.allInnerTexts()).toEqual(await widgetBeside.answers.allInnerTexts())
})

/** From now on, notes each length the answer has while it grows. */
async function recordAnswerLengths(page: Page) {
  return page.evaluateHandle(() => {
    const lengths: number[] = []
    const root = document.querySelector('kuzushi-widget')?.shadowRoot as ShadowRoot
    new MutationObserver(() => {
      const length = root.querySelector('.message-assistant .prose')?.textContent?.length ?? 0
      if (length > (lengths.at(-1) ?? 0)) lengths.push(length)
    }).observe(root, { subtree: true, childList: true, characterData: true })
    return lengths
  })
}
