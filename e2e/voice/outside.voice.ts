import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'
import { HostSite } from '../environment/host-site'
import { KuzushiServer } from '../environment/kuzushi-server'
import { Caller } from './call'
import { recording } from './recordings'

const program =
  process.env.KUZUSHI_OUTSIDE_PROVIDER ??
  fileURLToPath(new URL('../../target/debug/examples/outside_provider', import.meta.url))

/** The example of an outside provider, which says back what it hears, a second later. */
let provider: ChildProcess
let server: KuzushiServer
let site: HostSite
test.beforeAll(async () => {
  provider = spawn(program, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: provider.stdout as NodeJS.ReadableStream }), 'line')
  const url = /ws:\S+/.exec(line)?.[0] as string
  site = await HostSite.start()
  server = await KuzushiServer.start({ VOICE_PROVIDER_URL: url })
  const endpoint = url.replace('ws', 'http')
  await server.admin(
    ...['agreement', 'note', '--tenant', 'stmarys-hospital.example', '--endpoint', endpoint],
    ...['--kind', 'own-machines', '--covers', 'text,voice', '--reason', 'It runs in the test'],
  )
})
test.afterAll(async () => {
  await server?.dispose()
  await site?.stop()
  provider?.kill()
})

test('an outside provider hears the patient and is heard, and its death is told within three seconds', async () => {
  const patient = await Caller.open(server, site, await recording(3, 'How much do I pay for parking?', 60))
  try {
    await patient.call()
    await expect.poll(async () => (await patient.heard()).length).toBeGreaterThan(0)
    const { sounds, frames } = await patient.course()
    const said = sounds.find(({ who }) => who === 'patient')
    const echo = sounds.find(({ who }) => who === 'voice')
    expect((echo?.from ?? 0) - (said?.from ?? 0), 'a second later').toBeGreaterThan(500)
    expect(frames.find(({ type }) => type === 'state')).toMatchObject({ state: 'listening' })

    const killed = Date.now()
    provider.kill('SIGKILL')
    expect(await patient.ended()).toBe('provider_failed')
    expect(Date.now() - killed).toBeLessThan(3_000)
    expect((await patient.course()).frames.find(({ type }) => type === 'error')).toMatchObject({
      code: 'PROVIDER_FAILED',
    })
  } finally {
    await patient.close()
  }
})
