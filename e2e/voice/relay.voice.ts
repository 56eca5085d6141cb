import { expect, test } from '@playwright/test'
import { HostSite } from '../environment/host-site'
import { KuzushiServer } from '../environment/kuzushi-server'
import { Caller } from './call'
import { models, recording } from './recordings'
import { AFTER_THE_GREETING, isReady } from './test'
import { credential, TurnServer } from './turn-server'

/** Browsers on networks that let no sound out: they reach the server by a TURN server alone. */
test.describe.configure({ mode: 'serial' })

let turn: TurnServer
let server: KuzushiServer
let site: HostSite
test.beforeAll(async () => {
  turn = await TurnServer.start()
  site = await HostSite.start()
  server = await KuzushiServer.start({ VOICE_MODELS_DIR: models, ...turn.settings })
  await isReady(server)
})
test.afterAll(async () => {
  await server?.dispose()
  await site?.stop()
  await turn?.stop()
})

/** Script: the session's own servers, reached by them only, with this done to their credentials. */
const relayOnly = (change = 'turn') => `{
  rtcConfig: {
    iceTransportPolicy: 'relay',
    iceServers: voice.rtcConfig.iceServers.map((turn) => (${change})),
  },
}`

async function call(script: (string | number)[], change?: string): Promise<Caller> {
  return Caller.open(server, site, await recording(...script), relayOnly(change))
}

test('a call by way of a TURN server alone is heard on both sides', async () => {
  const patient = await call([AFTER_THE_GREETING, 'How much do I pay for parking?', 40])
  try {
    await patient.call()
    await expect.poll(async () => (await patient.heard()).length).toBeGreaterThan(0)
    await expect.poll(async () => (await patient.said()).join('\n')).toMatch(/user: .*parking/i)
    const pair = await patient.page.evaluate(async () => {
      const { peer } = window as unknown as { peer: RTCPeerConnection }
      const stats = [...(await peer.getStats()).values()]
      const chosen = stats.find(
        ({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded',
      )
      return stats.find(({ id }) => id === chosen?.localCandidateId)
    })
    expect(pair).toMatchObject({ candidateType: 'relay' })
    await patient.hangUp()
    expect(await patient.ended()).toBe('hung_up')
  } finally {
    await patient.close()
  }
})

const now = () => Math.floor(Date.now() / 1000)
const expired = () => {
  const username = `${now() - 60}:sess_1`
  return `{ ...turn, username: '${username}', credential: '${credential(username)}' }`
}
const others = () => `{ ...turn, username: '${now() + 600}:sess_other' }`
for (const [which, change] of [
  ['a wrong credential', () => "{ ...turn, credential: 'nonsense' }"],
  ['a credential that has expired', expired],
  ['the credential of another conversation', others],
] as const)
  test(`${which} gets nothing`, async () => {
    const patient = await call([30], change())
    try {
      await patient.press()
      await expect.poll(async () => (await patient.course()).hasLooked).toBe(true)
      const found = await patient.page.evaluate(() => {
        const { peer } = window as unknown as { peer: RTCPeerConnection }
        return /a=candidate/.test(peer.localDescription?.sdp ?? '')
      })
      expect(found, 'a way was found').toBe(false)
      expect((await patient.course()).connection).not.toBe('connected')
      expect(await patient.heard()).toEqual([])
    } finally {
      await patient.close()
    }
  })

test('a credential of the same making that is right gets through: the others fail for what is wrong with them', async () => {
  const username = `${now() + 600}:sess_1`
  const patient = await call(
    [30],
    `{ ...turn, username: '${username}', credential: '${credential(username)}' }`,
  )
  try {
    await patient.call()
  } finally {
    await patient.close()
  }
})
