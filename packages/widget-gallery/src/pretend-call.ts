import type { VoiceServerFrame } from '../../widget/src/generated/wire'

/** What a state says about a call. */
export interface CallBehaviour {
  /** How the browser answers when it is asked for the microphone: as if allowed, unless it says otherwise. */
  microphone?: 'asks' | 'refuses'
  /** What the server sends once the call is there. */
  frames?: readonly VoiceServerFrame[]
}

/** Takes the place of microphone, loudspeaker and network in this page. */
export function pretendCall({ microphone, frames = [] }: CallBehaviour): void {
  const silence = new AudioContext().createMediaStreamDestination().stream
  Object.defineProperty(navigator, 'mediaDevices', {
    value: Object.assign(new EventTarget(), {
      async getUserMedia() {
        if (microphone === 'asks') return new Promise(() => {})
        if (microphone === 'refuses') throw new DOMException('no', 'NotAllowedError')
        return silence
      },
      enumerateDevices: async () => DEVICES,
    }),
  })
  HTMLMediaElement.prototype.play = async () => {}
  window.AudioContext = PretendContext as never
  window.RTCPeerConnection = PretendPeer as never
  const RealSocket = window.WebSocket
  window.WebSocket = class extends PretendVoiceSocket {
    static readonly OPEN = 1
    constructor(url: string) {
      super(frames)
      // biome-ignore lint/correctness/noConstructorReturn: the chat's socket is another one
      if (!url.includes('/ws/voice')) return new RealSocket(url) as never
    }
  } as never
}

const DEVICES = [
  { kind: 'audioinput', deviceId: 'default', label: 'Default' },
  { kind: 'audioinput', deviceId: 'headset', label: 'Headset microphone' },
  { kind: 'audiooutput', deviceId: 'default', label: 'Default' },
  { kind: 'audiooutput', deviceId: 'headset', label: 'Headset' },
]

/** Somebody speaks, always as loud. */
class PretendContext {
  createAnalyser() {
    return { getFloatTimeDomainData: (samples: Float32Array) => samples.fill(0.15) }
  }
  createMediaStreamSource() {
    return { connect() {} }
  }
  async resume() {}
  async close() {}
}

export class PretendPeer {
  static latest: PretendPeer | undefined
  connectionState = 'new'
  onconnectionstatechange: (() => void) | undefined

  constructor() {
    PretendPeer.latest = this
  }

  change(state: string): void {
    this.connectionState = state
    this.onconnectionstatechange?.()
  }

  addTrack() {}
  createOffer = async () => ({ type: 'offer', sdp: '' })
  setLocalDescription = async () => {}
  restartIce() {}
  close() {}
  /** The first answer connects; one to an offer that looks for another way comes too late to be seen. */
  async setRemoteDescription() {
    if (this.connectionState === 'new') this.change('connected')
  }
}

class PretendVoiceSocket {
  readyState = 1
  onopen: (() => void) | undefined
  onmessage: ((event: { data: string }) => void) | undefined
  readonly #frames: readonly VoiceServerFrame[]

  constructor(frames: readonly VoiceServerFrame[]) {
    this.#frames = frames
    queueMicrotask(() => this.onopen?.())
  }

  send(text: string): void {
    if (JSON.parse(text).type !== 'offer') return
    const answer: VoiceServerFrame = { type: 'answer', sdp: { type: 'answer', sdp: '' } }
    setTimeout(() => {
      for (const frame of [answer, ...this.#frames]) this.onmessage?.({ data: JSON.stringify(frame) })
    })
  }

  close(): void {}
}
