import { typed } from '../environment/canary'
import { clinic } from '../environment/host-pages'
import { expect, test } from '../environment/test'

// Low enough for one answer to need scrolling.
test.use({ viewport: { width: 1280, height: 520 } })

test('the newest words stay in sight until the reader scrolls up, and a button leads back', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, 'riverside-unhurried'))
  await widget.open()
  const fromEnd = () =>
    widget.transcript.evaluate(
      ({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight,
    )
  const overflow = () =>
    widget.transcript.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)
  const toEnd = widget.panel.locator('.to-end')

  await widget.send('How do I prepare for my stay?')
  await expect.poll(overflow).toBeGreaterThan(40)
  expect(await fromEnd()).toBeLessThanOrEqual(1)
  await expect(toEnd).toBeHidden()

  await widget.transcript.hover()
  await page.mouse.wheel(0, -1000)
  await expect.poll(() => widget.transcript.evaluate(({ scrollTop }) => scrollTop)).toBe(0)
  // The answer is still being written, and moves nothing.
  await expect(widget.stopButton).toBeVisible()
  await widget.wholeAnswer(0)
  expect(await widget.transcript.evaluate(({ scrollTop }) => scrollTop)).toBe(0)
  await expect(toEnd).toBeVisible()

  await toEnd.click()
  await expect.poll(fromEnd).toBeLessThanOrEqual(1)
  await expect(toEnd).toBeHidden()
  expect(await page.evaluate(() => scrollY)).toBe(0)

  await page.mouse.wheel(0, -1000)
  await expect(toEnd).toBeVisible()
  await widget.send('How do I prepare for my stay?')
  await expect.poll(fromEnd).toBeLessThanOrEqual(1)
  await expect(widget.questions.last()).toBeInViewport()
})

test('what arrives while the panel scrolls by itself is no sign that the reader went up', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, 'riverside-plain'))
  await widget.open()
  await widget.ask('How do I prepare for my stay?')
  await widget.ask('Where are the guest computers?')
  const fromEnd = await widget.transcript.evaluate(async (scroller) => {
    const frames = async () => {
      for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame)
    }
    // All of the last answer was read, which may be longer than what is seen at once.
    scroller.scrollTop = scroller.scrollHeight
    await frames()
    scroller.scrollTop -= 10
    await frames()
    // The sources of an answer, say, before the browser has told anybody of the scrolling.
    scroller.scrollTop += 10
    const sources = document.createElement('div')
    sources.style.height = '300px'
    scroller.firstElementChild?.append(sources)
    await frames()
    return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight
  })
  expect(fromEnd).toBeLessThanOrEqual(1)
})

test('earlier messages come a page at a time, and what is being read stays where it is', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, 'riverside-plain'))
  await widget.open()
  // 60 messages, of which a page shows 50.
  for (let index = 1; index <= 30; index += 1) await widget.ask(`Question number ${index}`)
  await page.reload()
  await expect(widget.questions.last()).toContainText('Question number 30')
  await expect(widget.questions.getByText(typed('Question number 5'), { exact: true })).toHaveCount(0)

  const first = widget.questions.first()
  const older = widget.panel.getByRole('button', { name: 'Show earlier messages' })
  await older.scrollIntoViewIfNeeded()
  const reading = (await first.locator('.bubble').textContent()) ?? ''
  await older.click()
  await expect(widget.questions).toHaveCount(30)
  await expect(widget.questions.getByText(reading, { exact: true })).toBeInViewport()
  await expect(older).toBeHidden()
})

test('an answer longer than the panel stays where it begins, and a button leads on', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.setViewportSize({ width: 1280, height: 400 })
  await page.goto(clinic(site, server, 'riverside-unhurried'))
  await widget.open()
  const answer = await widget.ask('How do I prepare for my stay?')
  const [view, text] = [await widget.transcript.boundingBox(), await answer.boundingBox()]
  expect(text?.height).toBeGreaterThan(view?.height ?? 0)
  expect((text?.y ?? 0) - (view?.y ?? 0)).toBeGreaterThanOrEqual(0)
  expect((text?.y ?? 0) - (view?.y ?? 0)).toBeLessThan(40)
  await widget.panel.getByRole('button', { name: 'To the newest message' }).click()
  await expect(answer.locator('time')).toBeInViewport()
})
