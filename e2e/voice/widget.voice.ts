import type { Locator } from '@playwright/test'
import { expectAccessible } from '../environment/accessibility'
import { typed } from '../environment/canary'
import { recording } from './recordings'
import { TalkingWidget } from './talking-widget'
import { AFTER_THE_GREETING, test as base, expect, isReady, letters } from './test'

const test = base.extend<{ talking: (...script: (string | number)[]) => Promise<TalkingWidget> }>({
  talking: async ({ server, site }, use) => {
    const widgets: TalkingWidget[] = []
    await use(async (...script) => {
      const file = script.length ? await recording(...script) : undefined
      const widget = await TalkingWidget.open(server, site, file)
      widgets.push(widget)
      return widget
    })
    await Promise.all(widgets.map((widget) => widget.close()))
  },
})

// Answers are read out, and the machine does several things at once.
test.setTimeout(240_000)

/** The whole answer is in the conversation once all of it was heard. */
async function readOut(widget: TalkingWidget): Promise<Locator> {
  const answer = widget.answers.first()
  await expect(answer.locator('time')).toBeVisible({ timeout: 120_000 })
  return answer
}

test('a patient presses the microphone, asks, reads along, hears the answer, types a question and hangs up', async ({
  talking,
}) => {
  const widget = await talking(AFTER_THE_GREETING, 'Do you accept my health insurance?', 60)
  await expect(widget.talk).toBeVisible()
  expect((await widget.watched()).asked, 'nobody is asked before they press').toBe(0)
  await widget.call()
  expect((await widget.watched()).asked).toBe(1)
  await expect(widget.bar.getByText('Speaking')).toBeVisible()
  await expect(widget.bar.getByRole('region', { name: 'Captions' })).toContainText(/AI|assistant/)
  await expect.poll(async () => (await widget.heard()).length).toBeGreaterThan(0)

  await expect(widget.questions.first()).toContainText(/insurance/i)
  await expect(widget.questions.first().getByText('Spoken')).toBeVisible()
  const answer = await readOut(widget)
  await expect(answer).toContainText(/insurance|plan/i)
  await expect(answer.getByText('Spoken')).toBeVisible()
  const { sounds } = await widget.watched()
  const question = sounds.filter(({ who }) => who === 'patient').at(-1)
  expect(sounds.some(({ who, from }) => who === 'voice' && from > (question?.to ?? Infinity))).toBe(true)

  // What is typed meanwhile is answered aloud as well.
  await expect(widget.bar.getByText('Listening')).toBeVisible({ timeout: 60_000 })
  const before = (await widget.heard()).length
  await widget.input.fill(typed('Where can I park?'))
  await widget.input.press('Enter')
  await expect.poll(async () => (await widget.heard()).length, { timeout: 30_000 }).toBeGreaterThan(before)
  await expect(widget.answers.nth(1)).toContainText(/park/i, { timeout: 60_000 })
  await expectAccessible(widget.page, 'in a call', 'kuzushi-widget')

  await widget.bar.getByRole('button', { name: 'End call' }).click()
  await expect(widget.bar).toHaveCount(0)
  await expect(widget.input).toBeFocused()
  await expect(widget.announcer).toHaveText('The call has ended. You can go on typing.')
  expect(widget.complaints).toEqual([])
})

test('a microphone that is muted hears nothing, and hears again when it is not', async ({ talking }) => {
  const widget = await talking(
    AFTER_THE_GREETING,
    'Do you accept my health insurance?',
    14,
    'How much do I pay for parking?',
    60,
  )
  await widget.call()
  const begun = Date.now()
  await widget.bar.getByRole('button', { name: 'Turn the microphone off' }).click()
  // While the voice speaks, that is what the bar says.
  await expect(widget.bar.getByText('Microphone off')).toBeVisible({ timeout: 20_000 })
  // The first question is over by then, and the second one has not begun.
  await widget.page.waitForTimeout(begun + (AFTER_THE_GREETING + 7) * 1000 - Date.now())
  await expect(widget.questions).toHaveCount(0)
  await widget.bar.getByRole('button', { name: 'Turn the microphone on' }).click()
  await expect(widget.questions.first()).toContainText(/park/i, { timeout: 40_000 })
  await expect(widget.questions).toHaveCount(1)
})

test('a call goes on when the network changes', async ({ talking }) => {
  const widget = await talking(AFTER_THE_GREETING + 6, 'Do you accept my health insurance?', 60)
  await widget.call()
  const signaling = await widget.page.waitForFunction(() => {
    const { peers } = (window as unknown as { watched: { peers: RTCPeerConnection[] } }).watched
    return peers[0]?.connectionState === 'connected' && peers[0].remoteDescription?.sdp
  })
  const before = String(await signaling.jsonValue())
  await widget.page.evaluate(() => dispatchEvent(new Event('online')))
  const after = await widget.page.waitForFunction(
    (old) => {
      const { peers } = (window as unknown as { watched: { peers: RTCPeerConnection[] } }).watched
      const sdp = peers[0]?.remoteDescription?.sdp
      return peers.length === 1 && peers[0]?.connectionState === 'connected' && sdp !== old && sdp
    },
    before,
    { timeout: 15_000 },
  )
  const credentials = (sdp: string) => /a=ice-ufrag:(\S+)/.exec(sdp)?.[1]
  expect(credentials(String(await after.jsonValue()))).not.toBe(credentials(before))
  await expect(widget.bar).toHaveAttribute('data-phase', /listening|speaking/)
  // Both sides still hear each other.
  await expect(widget.questions.first()).toContainText(/insurance/i, { timeout: 40_000 })
  const answer = await readOut(widget)
  await expect(answer).toContainText(/insurance|plan/i)
})

test('a microphone that nobody may have is a reason, and writing goes on', async ({ talking }) => {
  const widget = await talking()
  await widget.talk.click()
  await expect(widget.bar.getByRole('alert')).toContainText('The microphone is blocked')
  await expectAccessible(widget.page, 'blocked', 'kuzushi-widget')
  await widget.bar.getByRole('button', { name: 'OK' }).click()
  await expect(widget.input).toBeFocused()
  const answer = await widget.ask('When can I visit my mother?')
  await expect(answer).toContainText('8 pm')
})

test('a page that is loaded anew in mid-call has the conversation, and may call again', async ({
  talking,
}) => {
  const widget = await talking(AFTER_THE_GREETING, 'Do you accept my health insurance?', 60)
  await widget.call()
  await expect(widget.questions.first()).toContainText(/insurance/i, { timeout: 60_000 })
  await widget.page.reload()
  await widget.connected()
  await expect(widget.questions.first()).toContainText(/insurance/i)
  await expect(widget.questions.first().getByText('Spoken')).toBeVisible()
  await widget.call()
  await expect.poll(async () => (await widget.heard()).length).toBeGreaterThan(0)
})

test('a server that is killed in mid-call is called again when it is back', async ({ talking, server }) => {
  const widget = await talking(120)
  await widget.call()
  await server.kill()
  await expect(widget.bar.getByText('Reconnecting…')).toBeVisible()
  await server.start()
  await isReady(server)
  const before = (await widget.heard()).length
  await expect(widget.bar).toHaveAttribute('data-phase', /listening|speaking/, { timeout: 30_000 })
  await expect.poll(async () => (await widget.heard()).length).toBeGreaterThan(before)
})

test('a server that stays away ends the call with the reason', async ({ talking, server }) => {
  const widget = await talking(120)
  await widget.call()
  await server.kill()
  try {
    await expect(widget.bar.getByRole('alert')).toContainText('The connection was lost', { timeout: 40_000 })
  } finally {
    await server.start()
    await isReady(server)
  }
})

test('what is heard is what was asked', async ({ talking }) => {
  const widget = await talking(AFTER_THE_GREETING, 'How much do I pay for parking?', 30)
  await widget.call()
  await expect(widget.questions).toHaveCount(1, { timeout: 60_000 })
  expect(letters((await widget.questions.locator('.bubble').textContent()) ?? '')).toBe(
    'how much do i pay for parking',
  )
})
