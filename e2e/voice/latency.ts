import { readFile } from 'node:fs/promises'
import { chromium, expect, test } from '@playwright/test'
import { chromium as launch } from '../environment/chromium'
import { HostSite } from '../environment/host-site'
import { KuzushiServer } from '../environment/kuzushi-server'
import { Caller, PROJECT } from './call'
import { callingPage } from './calling-page'
import { firstAnswer } from './first-answer'
import { models, recording } from './recordings'
import { AFTER_THE_GREETING, isReady } from './test'

const CALLS = Number(process.env.CALLS ?? 10)
const QUESTIONS = [
  'How much do I pay for parking?',
  'Do you accept my health insurance?',
  'How do I pay my bill?',
  'Where is the cafeteria?',
]

const at = (sorted: number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]

/** Processor time that a server took since it was started, in milliseconds. */
async function processorTime(server: KuzushiServer): Promise<number> {
  const stat = await readFile(`/proc/${server.pid}/stat`, 'utf8')
  const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14)
  // Linux counts hundredths of a second.
  return (Number(user) + Number(system)) * 10
}

/** Waits until the server has read what it reads in the background: for two seconds it takes less than a tenth of a processor. */
async function isIdle(server: KuzushiServer): Promise<void> {
  const taken = async () => {
    const before = await processorTime(server)
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    return (await processorTime(server)) - before
  }
  await expect.poll(taken, { timeout: 120_000 }).toBeLessThan(200)
}

/** Prints a line of figures. */
function report(what: string, figures: number[]): void {
  const sorted = [...figures].sort((one, other) => one - other)
  console.log(
    `\n${what}: ${sorted.length} measured, p50 ${at(sorted, 0.5)}, p95 ${at(sorted, 0.95)}, slowest ${sorted.at(-1)}`,
  )
}

test('how long a call takes to answer, and to be silent', async () => {
  const server = await KuzushiServer.start({ VOICE_MODELS_DIR: models, LOG_LEVEL: 'warn' })
  const site = await HostSite.start()
  await isReady(server)
  // As a server is that has had a visitor before: by then it knows what its articles mean.
  const browser = await chromium.launch(launch)
  const page = site.add('/first', callingPage(server.url, PROJECT))
  await firstAnswer(browser, page, server.url, PROJECT)
  await browser.close()
  await isIdle(server)
  const responses: number[] = []
  const silences: number[] = []
  const connections: number[] = []
  const shares: number[] = []
  for (let call = 0; call < CALLS; call++) {
    const question = QUESTIONS[call % QUESTIONS.length] as string
    const file = await recording(
      AFTER_THE_GREETING,
      question,
      4,
      'Sorry, do you accept my health insurance?',
      20,
    )
    const caller = await Caller.open(server, site, file)
    const [begun, before] = [Date.now(), await processorTime(server)]
    await caller.call()
    connections.push(Date.now() - begun)
    await expect
      .poll(async () => (await caller.stored()).length, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(4)
    const taken = (await processorTime(server)) - before
    shares.push(Math.round((100 * taken) / (Date.now() - begun)))
    const { sounds } = await caller.course()
    const spoken = sounds.filter(({ who, from, to }) => who === 'patient' && to - from > 300)
    const [first, second] = [spoken[0], spoken[1]]
    const answer = sounds.find(({ who, from }) => who === 'voice' && first && from > first.to)
    if (first && answer) responses.push(answer.from - first.to)
    const broken = sounds.find(
      ({ who, from, to }) => who === 'voice' && second && from < second.from && to > second.from,
    )
    if (second && broken) silences.push(broken.to - second.from)
    await caller.close()
  }
  report('ms from last speech in to first sound out', responses)
  report('ms from breaking in to silence', silences)
  report('ms from press to connection', connections)
  report('per cent of a processor that a call takes, on average', shares)
  await site.stop()
  await server.dispose()
})
