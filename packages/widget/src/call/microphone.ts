import type { CallProblem, Tap } from './call-state'

/** What is louder than this is as loud as the meter goes. */
const LOUD = 0.25

export interface Device {
  id: string
  name: string
}

/** What can be chosen; nothing where the browser does not let one choose. */
export interface Devices {
  microphones: Device[]
  loudspeakers: Device[]
  /** What is in use, as far as the browser tells. */
  microphone: string
  loudspeaker: string
}

/** The sound that goes out and the one that comes in: by which devices, whether muted, and how loud. */
export class Microphone {
  readonly #tap: Tap
  readonly #onLost: () => void
  readonly #samples = new Float32Array(512)
  #stream: MediaStream
  #sender: RTCRtpSender | undefined
  #analyser: AnalyserNode | undefined
  #isMuted = false

  /** @param onLost it was unplugged, or taken away. */
  constructor(stream: MediaStream, tap: Tap, onLost: () => void) {
    this.#tap = tap
    this.#onLost = onLost
    this.#stream = stream
    this.#follow()
  }

  sendTo(peer: RTCPeerConnection): void {
    for (const track of this.#stream.getTracks()) this.#sender = peer.addTrack(track, this.#stream)
  }

  mute(muted: boolean): void {
    this.#isMuted = muted
    for (const track of this.#stream.getTracks()) track.enabled = !muted
  }

  /** How loud it is, from 0 to 1. */
  level(): number {
    if (!this.#analyser || this.#isMuted) return 0
    this.#analyser.getFloatTimeDomainData(this.#samples)
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length
    return Math.min(1, Math.sqrt(power) / LOUD)
  }

  async devices(): Promise<Devices> {
    const all = await navigator.mediaDevices.enumerateDevices()
    const listed = (kind: MediaDeviceKind) =>
      all
        .filter((device) => device.kind === kind && device.deviceId)
        .map(({ deviceId, label }, index) => ({ id: deviceId, name: label || `${index + 1}` }))
    const { player } = this.#tap
    return {
      microphones: listed('audioinput'),
      // Not every browser lets a page choose where it is heard.
      loudspeakers: 'setSinkId' in player ? listed('audiooutput') : [],
      microphone: this.#stream.getTracks()[0]?.getSettings().deviceId ?? '',
      loudspeaker: player.sinkId || 'default',
    }
  }

  async chooseMicrophone(id: string): Promise<void> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { deviceId: { exact: id } } })
    this.stop()
    this.#stream = stream
    this.#follow()
    this.mute(this.#isMuted)
    await this.#sender?.replaceTrack(stream.getTracks()[0] ?? null)
  }

  chooseLoudspeaker(id: string): Promise<void> {
    return this.#tap.player.setSinkId(id)
  }

  stop(): void {
    for (const track of this.#stream.getTracks()) {
      track.onended = null
      track.stop()
    }
  }

  #follow(): void {
    for (const track of this.#stream.getTracks()) track.onended = this.#onLost
    const { context } = this.#tap
    this.#analyser = context?.createAnalyser()
    if (!context || !this.#analyser) return
    this.#analyser.fftSize = this.#samples.length
    context.createMediaStreamSource(this.#stream).connect(this.#analyser)
  }
}

/** Why a browser gives no microphone. */
export function microphoneProblem(error: unknown): CallProblem {
  if (!window.isSecureContext) return 'notSecure'
  switch ((error as { name?: unknown } | undefined)?.name) {
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'noMicrophone'
    case 'NotReadableError':
    case 'AbortError':
      return 'microphoneInUse'
    default:
      return 'blocked'
  }
}
