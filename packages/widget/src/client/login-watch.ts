import type { LoginEnd } from '../generated/wire'
import { type Api, ApiProblem } from './api'

/** `ending`: soon, unless the patient says that they are there, if that helps. `over`: the server ended it. */
export type LoginState =
  | { kind: 'live' }
  | { kind: 'ending'; endsAt: number; mayStay: boolean }
  | { kind: 'over'; because: 'idle' | 'expired' | 'other' }

/** How long before the end it is said, or a third of the time where that is short: WCAG 2.2.1 wants 20 seconds. */
const WARNING_SECONDS = 60
/** While the end is near, other tabs may have done something that the patient must not be asked about again here. */
const NEAR_SECONDS = 5
const UNREACHABLE_SECONDS = 10
const LONGEST_SECONDS = 3_600
/** How often the server hears of somebody who reads and writes: each minute, or ten times in the time they may rest. */
const SIGN_SECONDS = 60
const SIGNS_IN_THE_IDLE_TIME = 10

/** Looks when a patient will be signed out, which every tab and device of theirs has a part in: the server knows. */
export class LoginWatch {
  readonly #api: Api
  readonly #token: string
  readonly #onState: (state: LoginState) => void
  #state: LoginState['kind'] = 'live'
  #signStepMs = SIGN_SECONDS * 1000
  #toldAt = Number.NEGATIVE_INFINITY
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Rises with each question, so that a late answer finds itself out of date. */
  #epoch = 0

  constructor(api: Api, token: string, onState: (state: LoginState) => void) {
    this.#api = api
    this.#token = token
    this.#onState = onState
  }

  /** Asks now, and goes on by itself. */
  look(): Promise<boolean> {
    return this.#ask(false)
  }

  /**
   * The patient does something that the server hears nothing of, such as writing or reading. Not while they are being asked
   * whether they are there: the keys that lead to the answer are none.
   */
  sign(): void {
    if (this.#state === 'live' && Date.now() - this.#toldAt > this.#signStepMs) void this.stay()
  }

  /** Says that the patient is there. Whether the server has heard it, and it helped. */
  stay(): Promise<boolean> {
    return this.#ask(true)
  }

  stop(): void {
    this.#epoch += 1
    clearTimeout(this.#timer)
  }

  async #ask(stay: boolean): Promise<boolean> {
    this.stop()
    const epoch = this.#epoch
    if (stay) this.#toldAt = Date.now()
    try {
      const end = await this.#api.loginEnd(this.#token, stay)
      if (epoch === this.#epoch) this.#take(end)
      return this.#state === 'live'
    } catch (error) {
      if (epoch !== this.#epoch) return false
      if (error instanceof ApiProblem && error.status === 401)
        this.#become({ kind: 'over', because: reasons[error.code] ?? 'other' })
      else this.#lookAfter(UNREACHABLE_SECONDS)
      return false
    }
  }

  #take({ secondsLeft, secondsLeftAtMost, idleTimeoutSeconds }: LoginEnd): void {
    const untilWarning = secondsLeft - Math.min(WARNING_SECONDS, idleTimeoutSeconds / 3)
    const mayStay = secondsLeftAtMost > secondsLeft
    this.#signStepMs = Math.min(SIGN_SECONDS, idleTimeoutSeconds / SIGNS_IN_THE_IDLE_TIME) * 1000
    if (untilWarning > 0) {
      this.#become({ kind: 'live' })
      this.#lookAfter(Math.min(untilWarning, LONGEST_SECONDS))
    } else {
      this.#become({ kind: 'ending', endsAt: Date.now() + secondsLeft * 1000, mayStay })
      this.#lookAfter(Math.min(secondsLeft + 1, NEAR_SECONDS))
    }
  }

  #become(state: LoginState): void {
    this.#state = state.kind
    this.#onState(state)
  }

  #lookAfter(seconds: number): void {
    this.#timer = setTimeout(() => void this.look(), seconds * 1000)
  }
}

const reasons: Record<string, 'idle' | 'expired'> = {
  SIGNED_OUT_IDLE: 'idle',
  SIGNED_OUT_EXPIRED: 'expired',
}
