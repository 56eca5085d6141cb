import { type Mock, vi } from 'vitest'

/** What a browser has for calls, in the hands of a test. */
export class FakeTrack {
  enabled = true
  stopped = false
  onended: (() => void) | null = null
  readonly kind = 'audio'

  constructor(readonly deviceId = 'default') {}

  stop(): void {
    this.stopped = true
  }

  getSettings() {
    return { deviceId: this.deviceId }
  }
}

export class FakeStream {
  constructor(readonly tracks: FakeTrack[] = []) {}

  getTracks(): FakeTrack[] {
    return this.tracks
  }
}

export class FakePeer {
  connectionState = 'new'
  signalingState = 'stable'
  restarts = 0
  closed = false
  onconnectionstatechange: (() => void) | null = null
  onsignalingstatechange: (() => void) | null = null
  onicecandidate: ((event: { candidate: { toJSON(): object } | null }) => void) | null = null
  ontrack: ((event: { track: FakeTrack }) => void) | null = null
  readonly sent: FakeTrack[] = []
  readonly candidates: object[] = []

  constructor(readonly config: unknown) {
    peers.push(this)
  }

  addTrack(track: FakeTrack) {
    this.sent.push(track)
    return {
      replaceTrack: async (other: FakeTrack) => {
        this.sent.push(other)
      },
    }
  }

  async createOffer() {
    return { type: 'offer', sdp: `offer ${this.restarts}` }
  }

  async setLocalDescription() {
    this.signalingState = 'have-local-offer'
  }

  async setRemoteDescription() {
    this.signalingState = 'stable'
    this.onsignalingstatechange?.()
  }

  async addIceCandidate(candidate: object) {
    this.candidates.push(candidate)
  }

  restartIce(): void {
    this.restarts += 1
  }

  close(): void {
    this.closed = true
  }

  become(state: string): void {
    this.connectionState = state
    this.onconnectionstatechange?.()
  }
}

export let peers: FakePeer[] = []
/** What the browser does when it is asked for a microphone. */
export let microphone: Mock<(constraints: unknown) => Promise<unknown>>
export let track: FakeTrack
export let played: number
export const latestPeer = () => peers.at(-1) as FakePeer

/** Puts all of it in the place of what the test's browser lacks. */
export function installFakeCalls(): void {
  peers = []
  track = new FakeTrack()
  played = 0
  microphone = vi.fn(async () => new FakeStream([track]))
  vi.stubGlobal('RTCPeerConnection', FakePeer)
  vi.stubGlobal('MediaStream', FakeStream)
  vi.stubGlobal(
    'Audio',
    class {
      srcObject: unknown
      sinkId = ''
      async play() {
        played += 1
      }
      async setSinkId(id: string) {
        this.sinkId = id
      }
    },
  )
  vi.stubGlobal(
    'AudioContext',
    class {
      createAnalyser = () => ({ getFloatTimeDomainData: (samples: Float32Array) => samples.fill(0.1) })
      createMediaStreamSource = () => ({ connect() {} })
      async resume() {}
      async close() {}
    },
  )
  const devices = [
    { kind: 'audioinput', deviceId: 'default', label: 'Default' },
    { kind: 'audioinput', deviceId: 'headset', label: 'Headset' },
    { kind: 'audiooutput', deviceId: 'default', label: '' },
  ]
  Object.defineProperty(navigator, 'mediaDevices', {
    configurable: true,
    value: Object.assign(new EventTarget(), {
      getUserMedia: (constraints: unknown) => microphone(constraints),
      enumerateDevices: async () => devices,
    }),
  })
  Object.defineProperty(window, 'isSecureContext', { configurable: true, value: true })
}
