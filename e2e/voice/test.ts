import { test as base, expect } from '@playwright/test'
import type { HostSite } from '../environment/host-site'
import { KuzushiServer } from '../environment/kuzushi-server'
import { site } from '../environment/site-fixture'
import { Caller } from './call'
import { models, recording } from './recordings'

interface PerWorker {
  server: KuzushiServer
  site: HostSite
  /** What the server is started with besides. */
  settings: NodeJS.ProcessEnv
}

interface PerTest {
  /** Opens a browser that hears this, and closes it after the test. */
  caller: (...script: (string | number)[]) => Promise<Caller>
}

/** What is said in these tests, and is in no article. */
export const SPOKEN = [
  'do you accept my health insurance',
  'how much do i pay for parking',
  'my chest hurts and i cannot breathe',
]

/** The disclosure that an AI answers comes first: about eleven seconds. */
export const AFTER_THE_GREETING = 16

/** Calls against the real server with its built-in voice. */
export const test = base.extend<PerTest, PerWorker>({
  settings: [{}, { scope: 'worker', option: true }],
  server: [
    async ({ settings }, use) => {
      const server = await KuzushiServer.start(
        { VOICE_MODELS_DIR: models, CALLS_MAX: '8', ...settings },
        SPOKEN,
      )
      await isReady(server)
      await use(server)
      await server.dispose()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  site: [...site],
  caller: async ({ server, site }, use) => {
    const callers: Caller[] = []
    await use(async (...script) => {
      const caller = await Caller.open(server, site, await recording(...script))
      callers.push(caller)
      return caller
    })
    await Promise.all(callers.map((caller) => caller.close()))
  },
})

/** Waits until the models are loaded. */
export async function isReady(server: KuzushiServer): Promise<void> {
  const voice = async () => {
    const response = await fetch(`${server.url}/readyz`)
    return ((await response.json()) as { checks: { voice: string } }).checks.voice
  }
  await expect.poll(voice, { timeout: 60_000 }).toBe('ok')
}

/** Words alone: a transcript's commas and capitals are guesses. */
export const letters = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^a-z ]/g, '')
    .trim()

export { expect }
