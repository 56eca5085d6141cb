import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AFTER_THE_GREETING, expect, isReady, letters, SPOKEN, test } from './test'

test('a question that is asked aloud is understood, answered from the articles, and heard', async ({
  caller,
}) => {
  const patient = await caller(AFTER_THE_GREETING, 'How much do I pay for parking?', 40)
  await patient.call()
  await expect.poll(async () => (await patient.said())[0]).toMatch(/^assistant: .*(AI|assistant)/)

  await expect
    .poll(async () => (await patient.said()).map(letters))
    .toContain('user how much do i pay for parking')
  await expect.poll(async () => (await patient.said()).length).toBeGreaterThanOrEqual(3)
  const said = await patient.said()
  expect(said[2]).toMatch(/^assistant: .*\$/is)

  const { sounds, frames } = await patient.course()
  const question = sounds.filter(({ who }) => who === 'patient').at(-1)
  const answer = sounds.find(({ who, from }) => who === 'voice' && from > (question?.to ?? 0))
  expect(question, 'the patient was heard').toBeDefined()
  expect(answer, 'the answer was heard').toBeDefined()
  const states = frames.filter(({ type }) => type === 'state').map(({ state }) => state)
  expect(states).toEqual(['speaking', 'listening', 'thinking', 'speaking', 'listening'])

  const stored = await patient.stored()
  expect(stored.map(({ role, metadata }) => [role, metadata?.channel])).toEqual([
    ['user', 'voice'],
    ['assistant', 'voice'],
  ])
  expect(letters(stored[0]?.content ?? '')).toBe('how much do i pay for parking')
  expect(said[2]).toBe(`assistant: ${stored[1]?.content}`)
  expect(stored[1]?.metadata?.stopped).toBeUndefined()

  await patient.hangUp()
  expect(await patient.ended()).toBe('hung_up')
  expect((await patient.course()).closed).toBe(1000)
})

test('whoever breaks in is not spoken over, and only what was heard stays', async ({ caller }) => {
  const patient = await caller(
    AFTER_THE_GREETING,
    'How much do I pay for parking?',
    4,
    'Sorry. Do you accept my health insurance?',
    40,
  )
  await patient.call()
  await expect
    .poll(async () => (await patient.stored()).length, { timeout: 60_000 })
    .toBeGreaterThanOrEqual(4)
  const [, interrupted, question, answer] = await patient.stored()
  expect(interrupted?.metadata).toMatchObject({ channel: 'voice', stopped: true })
  expect(question?.content).toMatch(/insurance/i)
  expect(answer?.content).toMatch(/insurance|plan/i)
  expect(answer?.metadata?.stopped).toBeUndefined()

  const { sounds } = await patient.course()
  const [, second] = sounds.filter(({ who, to, from }) => who === 'patient' && to - from > 300)
  const broken = sounds.find(
    ({ who, from, to }) => who === 'voice' && second && from < second.from && to > second.from - 200,
  )
  expect(broken, 'the voice was speaking when the patient broke in').toBeDefined()
  expect((broken?.to ?? 0) - (second?.from ?? 0), 'silent soon after').toBeLessThan(1_500)
})

test('whoever is in danger hears whom to call', async ({ caller }) => {
  const patient = await caller(AFTER_THE_GREETING, 'My chest hurts and I cannot breathe.', 40)
  await patient.call()
  await expect.poll(async () => (await patient.said()).join('\n')).toMatch(/assistant: .*9 ?1 ?1/)
  const stored = await patient.stored()
  expect(stored.find(({ role }) => role === 'system')?.content).toContain('911')
})

test('a page that is loaded anew ends its call, and may begin another in the same conversation', async ({
  caller,
}) => {
  const patient = await caller(60)
  await patient.call()
  await expect.poll(async () => (await patient.heard()).length).toBeGreaterThan(0)
  const before = (await patient.course()) as unknown as { session: string }
  await patient.page.reload()
  await patient.call()
  const after = (await patient.course()) as unknown as { session: string }
  expect(after.session).toBe(before.session)
  await expect.poll(async () => (await patient.heard()).length).toBeGreaterThan(0)
  await patient.hangUp()
  expect(await patient.ended()).toBe('hung_up')
})

test('two patients talk at the same time', async ({ caller }) => {
  const one = await caller(AFTER_THE_GREETING, 'Do you accept my health insurance?', 40)
  const two = await caller(AFTER_THE_GREETING, 'How much do I pay for parking?', 40)
  await Promise.all([one.call(), two.call()])
  await expect
    .poll(async () => (await one.stored()).at(-1)?.content, { timeout: 60_000 })
    .toMatch(/insurance|plan/i)
  await expect.poll(async () => (await two.stored()).at(-1)?.content, { timeout: 60_000 }).toMatch(/park/i)
})

test('a server that is killed in mid-call leaves nobody in it', async ({ caller, server }) => {
  const patient = await caller(60)
  await patient.call()
  await server.kill()
  await expect.poll(async () => (await patient.course()).closed).toBeDefined()
  await server.start()
  await isReady(server)
  await patient.page.reload()
  await patient.call()
})

test('nothing that was said stands in the open', async ({ server }) => {
  expect(await server.leaks()).toEqual([])
  const open: string[] = []
  for (const entry of await readdir(server.dataFolder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const content = (await readFile(path)).toString('latin1').toLowerCase()
    if (SPOKEN.some((words) => content.includes(words))) open.push(path)
  }
  expect(open).toEqual([])
})
