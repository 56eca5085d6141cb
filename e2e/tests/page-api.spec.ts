import { typed } from '../environment/canary'
import { clinic, embedCode, ordinaryPage, snippetTag } from '../environment/host-pages'
import { callKuzushi, type HeardEvent, listenTo } from '../environment/page-api'
import { expect, test } from '../environment/test'

const PROJECT = 'stmarys-patient-portal'

test('commands given before the snippet has come are carried out in order', async ({
  page,
  widget,
  server,
  site,
}) => {
  // The stub that a page pastes inline, with commands in the same breath.
  const body = `<script>
    window.KuzushiConfig = { projectId: '${PROJECT}', apiBaseUrl: '${server.url}' }
    window.Kuzushi = window.Kuzushi || function (m) { Kuzushi.q.push({ method: m, args: [].slice.call(arguments, 1) }) }
    Kuzushi.q = Kuzushi.q || []
    window.heard = []
    for (const name of ['ready', 'session', 'message', 'show'])
      Kuzushi('on', name, (payload) => heard.push({ name, payload }))
    Kuzushi('show')
    Kuzushi('sendMessage', 'What does parking cost?')
    Kuzushi('open', 'settings')
    window.loadedAtOnce = Kuzushi._loaded
  </script>${snippetTag(server.url)}`
  await page.goto(site.add('/clinic', ordinaryPage({ body })))
  await expect(widget.panel.getByRole('heading', { name: 'Settings' })).toBeVisible()
  await widget.back()
  await widget.wholeAnswer(0)
  await expect(widget.questions).toHaveText(/What does parking cost\?/)
  const { heard, loadedAtOnce, waiting } = await page.evaluate(() => {
    const { heard, loadedAtOnce, Kuzushi } = window as unknown as {
      heard: HeardEvent[]
      loadedAtOnce: unknown
      Kuzushi: { q: unknown[]; _loaded: boolean }
    }
    return { heard, loadedAtOnce, waiting: Kuzushi.q.length }
  })
  expect(loadedAtOnce).toBeUndefined()
  expect(waiting).toBe(0)
  expect(heard.map(({ name }) => name)).toEqual(['ready', 'show', 'session', 'message', 'message'])
})

test('events say what happened, and hold no text unless the page asked for it', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, PROJECT))
  await expect(widget.launcher).toBeVisible()
  const heard = await listenTo(page, [
    'ready',
    'show',
    'hide',
    'message',
    'unread',
    'session',
    'voice',
    'error',
  ])
  const heardWithContent = await listenTo(page, ['message'], { includeContent: true })
  await widget.open()
  await widget.ask('What does parking cost?')
  await callKuzushi(page, 'hide')
  await expect(widget.panel).toBeHidden()

  const events = await heard()
  expect(events).toEqual([
    { name: 'ready', payload: {} },
    { name: 'show', payload: {} },
    { name: 'session', payload: { sessionId: expect.stringMatching(/^sess_/), resumed: false } },
    {
      name: 'message',
      payload: { messageId: expect.any(String), role: 'user', createdAt: expect.any(String) },
    },
    {
      name: 'message',
      payload: { messageId: expect.any(String), role: 'assistant', createdAt: expect.any(String) },
    },
    { name: 'hide', payload: {} },
  ])
  expect((await heardWithContent()).map(({ payload }) => payload.content)).toEqual([
    typed('What does parking cost?'),
    expect.stringMatching(/parking/i),
  ])
})

test('an answer that comes while the panel is closed is counted, here and on the next page', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, 'riverside-unhurried'))
  await widget.open()
  const heard = await listenTo(page, ['unread'])
  await widget.send('How do I prepare for my stay?')
  await expect(widget.answers).toBeVisible()
  await widget.panel.getByRole('button', { name: 'Close chat' }).click()
  await expect(widget.launcher).toHaveAccessibleName('Open chat, 1 unread', { timeout: 30_000 })
  expect(await heard()).toEqual([{ name: 'unread', payload: { count: 1 } }])

  await page.reload()
  await expect(widget.launcher).toHaveAccessibleName('Open chat, 1 unread')
  await expect(widget.panel).toHaveCount(0)

  const heardNext = await listenTo(page, ['unread'])
  await widget.open()
  await expect(widget.launcher).toHaveAccessibleName('Close chat')
  expect(await heardNext()).toEqual([{ name: 'unread', payload: { count: 0 } }])
})

test('what cannot be done is one readable line, and never an exception', async ({
  page,
  widget,
  server,
  site,
  complaints,
}) => {
  await page.goto(clinic(site, server, PROJECT))
  await expect(widget.launcher).toBeVisible()
  const errors = await listenTo(page, ['error'])
  await callKuzushi(page, 'fly', 'to the moon')
  await callKuzushi(page, 'on', 'ready', 'no function')
  await expect
    .poll(() => complaints)
    .toEqual(['error: Kuzushi: fly is unknown or before init', 'error: Kuzushi: on needs a function'])

  await callKuzushi(page, 'startVoice')
  await callKuzushi(page, 'sendMessage', '')
  await callKuzushi(page, 'sendMessage', { text: 'Hello' })
  // Whether there are calls is known once there is a conversation.
  await expect
    .poll(async () => (await errors()).map(({ payload }) => payload.code))
    .toEqual(['INVALID_MESSAGE', 'INVALID_MESSAGE', 'VOICE_UNAVAILABLE'])
  expect(complaints).toHaveLength(2)
})

for (const [field, config] of [
  ['projectId', {}],
  ['projectId', { projectId: 'with spaces' }],
  ['apiBaseUrl', { projectId: PROJECT, apiBaseUrl: 'ftp://example.org' }],
  ['primaryColor', { projectId: PROJECT, primaryColor: 'red' }],
] as const)
  test(`a wrong config names ${field} and stops nothing else: ${JSON.stringify(config)}`, async ({
    page,
    widget,
    server,
    site,
    complaints,
  }) => {
    const body = `<script>window.KuzushiConfig = ${JSON.stringify(config)}</script>${snippetTag(server.url)}`
    await page.goto(site.add('/clinic', ordinaryPage({ body })))
    await expect.poll(() => complaints).toEqual([`error: Kuzushi: ${field} is missing or invalid`])
    await expect(widget.launcher).toHaveCount(0)

    await callKuzushi(page, 'init', { projectId: PROJECT, apiBaseUrl: server.url })
    await widget.open()
    expect(complaints).toHaveLength(1)
  })

test('the snippet twice on a page is one widget', async ({ page, widget, server, site, complaints }) => {
  const twice = embedCode(server.url, PROJECT) + embedCode(server.url, PROJECT)
  await page.goto(site.add('/clinic', ordinaryPage({ head: snippetTag(server.url), body: twice })))
  await widget.open()
  await page.waitForLoadState('networkidle')
  await expect(widget.element).toHaveCount(1)
  await widget.ask('What does parking cost?')
  expect(complaints).toEqual([])
})

test('endSession erases, shutdown takes everything away, and init brings it back', async ({
  page,
  widget,
  server,
  site,
}) => {
  await page.goto(clinic(site, server, PROJECT))
  await widget.open()
  const heard = await listenTo(page, ['session'])
  await widget.ask('What does parking cost?')
  await callKuzushi(page, 'endSession')
  await expect(widget.panel.getByRole('heading', { name: 'This conversation has ended' })).toBeVisible()
  expect(await heard()).toEqual([{ name: 'session', payload: { sessionId: null, resumed: false } }])
  expect(await page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0)

  await callKuzushi(page, 'shutdown')
  await expect(widget.element).toHaveCount(0)
  await callKuzushi(page, 'init')
  await widget.open()
  await expect(widget.questions).toHaveCount(0)
  await expect(widget.element).toHaveCount(1)
})
