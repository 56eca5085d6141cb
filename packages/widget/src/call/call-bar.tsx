import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'
import styles from '../styles/call.css?inline'
import { adopt } from '../ui/adopt'
import { Icon } from '../ui/icon'
import { IconButton } from '../ui/icon-button'
import * as icons from '../ui/icons'
import { useController, useWidget } from '../widget-context'
import { CallDevices } from './call-devices'
import type { CallProblem, CallState } from './call-state'
import { callWords } from './call-words'
import * as callIcons from './icons'

interface CallBarProps {
  state: CallState
  onAgain: () => void
}

/** Of these there is nothing to try again at once. */
const FINAL: readonly CallProblem[] = ['notSecure', 'elsewhere', 'linesBusy']

/** A call that goes on, above where one writes; and why it is over, where that is worth a word. */
export function CallBar({ state, onAgain }: CallBarProps) {
  const controller = useController()
  const { root } = controller.host
  useLayoutEffect(() => adopt(root, styles), [root])
  return state.problem ? <Over problem={state.problem} onAgain={onAgain} /> : <GoingOn state={state} />
}

const useCallWords = () => callWords(useController())

function Over({ problem, onAgain }: { problem: CallProblem; onAgain: () => void }) {
  const controller = useController()
  const words = useCallWords()
  return (
    <section className="call call-over" aria-label={words.call}>
      <Icon path={icons.warning} size={20} />
      <p role="alert" className="call-problem">
        {words.problems[problem]}
      </p>
      <div className="call-choices">
        {!FINAL.includes(problem) && (
          <button type="button" className="link-button" onClick={onAgain}>
            {words.callAgain}
          </button>
        )}
        <button
          type="button"
          className="link-button"
          onClick={() => {
            controller.store.setState({ call: undefined })
            controller.askForFocus()
          }}
        >
          {controller.wording.understood}
        </button>
      </div>
    </section>
  )
}

function GoingOn({ state: { phase, muted, caption, call } }: { state: CallState }) {
  const controller = useController()
  const words = useCallWords()
  const endCall = useWidget(({ appearance }) => appearance?.uiHints.endCallButtonText)
  const orb = useRef<HTMLSpanElement>(null)
  const mute = useRef<HTMLButtonElement>(null)
  const [choosing, setChoosing] = useState(false)
  useLevel(orb, call)
  // The button that began the call has gone.
  useEffect(() => mute.current?.focus(), [])
  const isOff = muted && phase !== 'asking' && phase !== 'connecting'
  const hint =
    phase === 'asking'
      ? words.askingHint
      : phase === 'speaking'
        ? words.speakingHint
        : phase === 'listening' && !muted
          ? words.listeningHint
          : undefined
  return (
    <section className="call" aria-label={words.call} data-phase={phase}>
      <div className="call-line">
        <span ref={orb} className={muted ? 'call-orb call-orb-off' : 'call-orb'} aria-hidden="true">
          <Icon path={muted ? callIcons.microphoneOff : callIcons.voice} size={20} />
        </span>
        <div className="grow min-w-0">
          <p className="call-phase">
            {isOff && phase === 'listening' ? words.microphoneOff : words.phases[phase]}
          </p>
          {hint && <p className={phase === 'asking' ? 'call-hint on-its-way' : 'call-hint'}>{hint}</p>}
        </div>
        <button
          ref={mute}
          type="button"
          className="icon-button"
          aria-label={muted ? words.unmute : words.mute}
          title={muted ? words.unmute : words.mute}
          disabled={!call}
          onClick={() => call?.mute(!muted)}
        >
          <Icon path={muted ? callIcons.microphoneOff : callIcons.microphone} />
        </button>
        <IconButton path={callIcons.sliders} label={words.devices} onClick={() => setChoosing(!choosing)} />
        <button
          type="button"
          className="call-end"
          title={controller.ofHospital(endCall)}
          onClick={() => {
            call?.hangUp()
            controller.askForFocus()
          }}
        >
          <Icon path={callIcons.hangUp} size={18} />
          <span>{controller.ofHospital(endCall)}</span>
        </button>
      </div>
      {choosing && call?.microphone && <CallDevices microphone={call.microphone} words={words} />}
      {caption && (
        <section className="call-caption" aria-label={words.captions}>
          <p dir="auto">
            <b>{caption.role === 'user' ? controller.wording.you : controller.wording.assistant}:</b>{' '}
            {caption.text}
          </p>
        </section>
      )}
    </section>
  )
}

/** Moves with what is said, without drawing anything anew. */
function useLevel(orb: RefObject<HTMLElement | null>, call: CallState['call']): void {
  useEffect(() => {
    if (!call) return
    let frame = 0
    let shown = 0
    const follow = () => {
      // Falls more slowly than it rises, as meters do.
      shown = Math.max(call.microphone?.level() ?? 0, shown * 0.85)
      orb.current?.style.setProperty('--level', shown.toFixed(2))
      frame = requestAnimationFrame(follow)
    }
    follow()
    return () => cancelAnimationFrame(frame)
  }, [orb, call])
}
