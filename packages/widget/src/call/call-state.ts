import type { Call } from './call'

/** What a patient should know of a call that goes on, or that came to nothing. */

/** `asking`: the browser asks the visitor for the microphone. */
export type CallPhase = 'asking' | 'connecting' | 'reconnecting' | 'listening' | 'thinking' | 'speaking'

/** Why there is no call, or no longer. */
export type CallProblem =
  /** The visitor, their browser or the page does not let us have the microphone. */
  | 'blocked'
  | 'noMicrophone'
  | 'microphoneInUse'
  /** The page is not served over HTTPS, where browsers give nobody a microphone. */
  | 'notSecure'
  | 'unavailable'
  | 'linesBusy'
  | 'providerFailed'
  /** No sound goes through. */
  | 'noSound'
  | 'lost'
  | 'silence'
  | 'tooLong'
  | 'elsewhere'

/** What the press on the button has begun, and what later nobody would be let begin. */
export interface Tap {
  /** Plays what the voice says: unlocked, because it was told to play within the press. */
  player: HTMLAudioElement
  /** Missing where the browser has none. */
  context?: AudioContext | undefined
  microphone: Promise<MediaStream>
}

export interface CallState {
  /** Of this call and no other. */
  tap: Tap
  phase: CallPhase
  muted: boolean
  /** What was said last, or is being said. */
  caption?: { role: 'user' | 'assistant'; text: string }
  /** The call is over, or never was, and this is why. */
  problem?: CallProblem
  /** Missing until the code of calls is here. */
  call?: Call | undefined
}
