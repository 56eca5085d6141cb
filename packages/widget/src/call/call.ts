import type { SessionStarted, VoiceServerFrame } from '../generated/wire'
import type { CallPhase, CallProblem, CallState, Tap } from './call-state'
import { Microphone, microphoneProblem } from './microphone'
import { VoiceSocket } from './voice-socket'

/** From the offer until sound can go through. */
const CONNECT_WITHIN_MS = 15_000
/** A connection that is away this long has to look for another way. */
const AWAY_MS = 1_500
/** Looking for another way takes this long at most; after that the call is made anew. */
const RESTART_WITHIN_MS = 6_000
/** Pauses before a call that was lost is made anew. */
const PAUSES_MS = [300, 1_000, 2_000, 4_000, 8_000]
const CLOSED_OVER = 1000
const CLOSED_ENDED = 4008
const CLOSED_TOO_MANY = 4029

/** What ended a call, as the server calls it. What is missing here needs no explanation. */
const REASONS: Record<string, CallProblem> = {
  silence: 'silence',
  too_long: 'tooLong',
  replaced: 'elsewhere',
  provider_failed: 'providerFailed',
  not_connected: 'noSound',
}
/** The call can be made anew after these. */
const GOES_ON_AFTER = ['lost', 'restarting']

/** What an error of the voice socket means for whoever calls. */
const REFUSALS: Record<string, CallProblem> = {
  VOICE_UNAVAILABLE: 'unavailable',
  PROVIDER_FAILED: 'providerFailed',
  RATE_LIMITED: 'linesBusy',
}

/** What a call needs of the widget that it is in. */
export interface CallHost {
  /** The conversation as the server has it now, with credentials that have not expired. */
  session(): Promise<SessionStarted>
  update(changes: Partial<CallState>): void
  /** Sound goes through, for the first time. */
  onBegun(): void
  /** Called once. */
  onEnd(problem: CallProblem | undefined): void
}

/** A call, from the press on its button to its end. */
export class Call {
  readonly #host: CallHost
  readonly #tap: Tap
  readonly #listening = new AbortController()
  #microphone: Microphone | undefined
  #peer: RTCPeerConnection | undefined
  #socket: VoiceSocket | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Attempts to make anew a call that was lost. */
  #tries = 0
  #hasBegun = false
  #isOver = false
  #refusal: CallProblem | undefined
  /** What whoever serves the call said last about what it does. Not everybody does. */
  #told: CallPhase = 'listening'

  constructor(host: CallHost, tap: Tap) {
    this.#host = host
    this.#tap = tap
    const { signal } = this.#listening
    addEventListener('online', () => this.#restart(), { signal })
    addEventListener('pagehide', () => this.hangUp(), { signal })
    void this.#begin()
  }

  hangUp(): void {
    this.#socket?.send({ type: 'end' })
    this.#end()
  }

  mute(muted: boolean): void {
    this.#microphone?.mute(muted)
    this.#host.update({ muted })
  }

  /** Missing until the browser has given one. */
  get microphone(): Microphone | undefined {
    return this.#microphone
  }

  async #begin(): Promise<void> {
    try {
      const stream = await this.#tap.microphone
      this.#microphone = new Microphone(stream, this.#tap, () => this.#end('noMicrophone'))
    } catch (error) {
      return this.#end(microphoneProblem(error))
    }
    // Hung up while the browser was asking.
    if (this.#isOver) return this.#microphone.stop()
    this.#host.update({ phase: 'connecting' })
    await this.#connect()
  }

  /** Makes a connection for the sound, and another over which both sides agree about the first. */
  async #connect(): Promise<void> {
    let session: SessionStarted
    try {
      session = await this.#host.session()
    } catch {
      return this.#lost()
    }
    const microphone = this.#microphone
    if (this.#isOver || !microphone) return
    const { sessionId, token, voice } = session
    if (!voice.enabled) return this.#lost()
    const peer = new RTCPeerConnection(voice.rtcConfig)
    this.#peer = peer
    microphone.sendTo(peer)
    peer.ontrack = ({ track }) => {
      this.#tap.player.srcObject = new MediaStream([track])
      this.#tap.player.play().catch(() => {})
    }
    peer.onconnectionstatechange = () => this.#peerChanged(peer)
    const socket = new VoiceSocket(
      voice.signalingUrl,
      { sessionId, token },
      {
        onOpen: () => void this.#offer(),
        onFrame: (frame) => void this.#receive(peer, frame),
        onClose: (code) => this.#closed(code),
      },
    )
    this.#socket = socket
    peer.onicecandidate = ({ candidate }) => {
      if (candidate) socket.send({ type: 'ice-candidate', candidate: candidate.toJSON() as never, sessionId })
    }
    this.#within(CONNECT_WITHIN_MS, () => (this.#hasBegun ? this.#lost() : this.#end('noSound')))
  }

  /** The first one begins the call; a later one goes on with it by another way. */
  async #offer(): Promise<void> {
    const peer = this.#peer
    if (!peer) return
    try {
      const offer = await peer.createOffer()
      // Sent before the browser looks for its addresses: those come after the offer.
      if (peer === this.#peer) this.#socket?.send({ type: 'offer', sdp: offer as never })
      await peer.setLocalDescription(offer)
    } catch {
      // Closed meanwhile.
    }
  }

  async #receive(peer: RTCPeerConnection, frame: VoiceServerFrame): Promise<void> {
    try {
      switch (frame.type) {
        case 'answer':
          return await peer.setRemoteDescription(frame.sdp)
        case 'ice-candidate':
          return await peer.addIceCandidate(frame.candidate as RTCIceCandidateInit)
      }
    } catch {
      // Of an offer that another one has replaced. Where it is not, no connection comes about, which is told.
      return
    }
    switch (frame.type) {
      case 'transcript':
        return this.#host.update({ caption: frame })
      case 'state':
        this.#told = frame.state
        if (peer.connectionState === 'connected') this.#host.update({ phase: frame.state })
        return
      case 'ended':
        return GOES_ON_AFTER.includes(frame.reason)
          ? this.#lost()
          : this.#end(this.#refusal ?? REASONS[frame.reason])
      case 'error':
        // Whoever serves the call cannot go on by another way.
        if (frame.code === 'NOT_ALLOWED' && this.#hasBegun) return this.#lost()
        this.#refusal ??= REFUSALS[frame.code]
    }
  }

  #closed(code: number): void {
    if (code === CLOSED_OVER || code === CLOSED_ENDED) return this.#end(this.#refusal)
    if (code === CLOSED_TOO_MANY) return this.#end('linesBusy')
    this.#lost()
  }

  #peerChanged(peer: RTCPeerConnection): void {
    if (peer !== this.#peer || this.#isOver) return
    const { connectionState } = peer
    if (connectionState === 'connected') {
      clearTimeout(this.#timer)
      this.#tries = 0
      if (!this.#hasBegun) this.#host.onBegun()
      this.#hasBegun = true
      this.#host.update({ phase: this.#told })
    } else if (connectionState === 'disconnected') this.#within(AWAY_MS, () => this.#restart())
    else if (connectionState === 'failed') this.#restart()
  }

  /** Looks for another way to whoever serves the call: the network may have changed. */
  #restart(): void {
    if (this.#isOver || !this.#hasBegun || !this.#peer) return
    this.#host.update({ phase: 'reconnecting' })
    this.#peer.restartIce()
    void this.#offer()
    this.#within(RESTART_WITHIN_MS, () => this.#lost())
    this.#watchForTheWay(this.#peer)
  }

  /** A connection that was never away is connected all the time, and nothing tells that it has found its way. */
  #watchForTheWay(peer: RTCPeerConnection): void {
    peer.onsignalingstatechange = () => {
      if (peer.signalingState === 'stable') this.#peerChanged(peer)
    }
  }

  /** The call is made anew in the same conversation, as long as there is hope. */
  #lost(): void {
    if (this.#isOver) return
    const pause = PAUSES_MS[this.#tries]
    if (!this.#hasBegun) return this.#end(this.#refusal ?? 'unavailable')
    if (pause === undefined) return this.#end('lost')
    this.#tries += 1
    this.#drop()
    this.#host.update({ phase: 'reconnecting' })
    this.#within(pause, () => void this.#connect())
  }

  #within(milliseconds: number, then: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(then, milliseconds)
  }

  #drop(): void {
    clearTimeout(this.#timer)
    this.#socket?.close()
    this.#peer?.close()
    this.#socket = this.#peer = undefined
  }

  #end(problem?: CallProblem): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#listening.abort()
    this.#drop()
    this.#microphone?.stop()
    this.#tap.player.srcObject = null
    void this.#tap.context?.close()
    this.#host.onEnd(problem)
  }
}
