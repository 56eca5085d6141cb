import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { type LoginState, LoginWatch } from '../client/login-watch'
import type { Controller } from '../controller'
import styles from '../styles/other-views.css?inline'
import { adopt } from '../ui/adopt'
import { useController, useConversation, useWidget } from '../widget-context'
import type { OtherWording } from '../wording/beside-the-chat'
import { useWords } from '../wording/use-words'

const LIVE: LoginState = { kind: 'live' }

/** Says, above whatever is on screen, that the patient will soon be signed out, and afterwards that and why they were. */
export function LoginNotice() {
  const words = useWords()
  const controller = useController()
  const token = useWidget((state) => state.patient?.token)
  const offered = useConversation(({ session }) => session?.features.signIn)
  const ended = useConversation((state) => state.refusal === 'ended')
  const [state, setState] = useState(LIVE)
  const watch = useRef<LoginWatch>(undefined)
  const { root } = controller.host
  useLayoutEffect(() => adopt(root, styles), [root])

  useEffect(() => {
    if (!token) return
    const watching = new LoginWatch(controller.api, token, (now) => {
      const isNews = now.kind !== 'over' || (now.because !== 'other' && leave(controller, token))
      setState(isNews ? now : LIVE)
    })
    watch.current = watching
    void watching.look()
    const listening = new AbortController()
    const { signal } = listening
    for (const type of ['keydown', 'pointerdown', 'wheel'])
      root.addEventListener(type, () => watching.sign(), { signal, passive: true })
    // A laptop that slept knows nothing of the time that went by.
    const wake = () => document.hidden || void watching.look()
    document.addEventListener('visibilitychange', wake, { signal })
    return () => {
      watching.stop()
      listening.abort()
      setState((last) => (last.kind === 'over' ? last : LIVE))
    }
  }, [controller, root, token])

  // The server closes the conversation of whoever it signs out: this says whether that is why.
  useEffect(() => {
    if (ended) void watch.current?.look()
  }, [ended])

  useNoteBesideLauncher(state)

  const done = (text: string) => {
    controller.announce(text)
    setState(LIVE)
    controller.askForFocus()
  }
  if (state.kind === 'ending')
    return (
      <Ending
        state={state}
        onStay={() =>
          watch.current
            ?.stay()
            .then((stays) =>
              stays ? done(words.staysSignedIn) : controller.announce(words.signInUnreachable),
            )
        }
        onSignOut={() =>
          controller
            .signOut()
            .catch(() => controller.leave())
            .then(() => done(words.signedOut))
        }
      />
    )
  if (state.kind === 'over')
    return (
      <div className="login-notice">
        <p role="alert">{overText(state, words)}</p>
        <div className="side-by-side">
          <button type="button" className="button grow" onClick={() => setState(LIVE)}>
            {controller.wording.understood}
          </button>
          {offered && (
            <button
              type="button"
              className="button button-primary grow"
              onClick={() => {
                setState(LIVE)
                controller.go({ name: 'sign-in' })
              }}
            >
              {words.signIn}
            </button>
          )}
        </div>
      </div>
    )
  return null
}

/** Whoever has closed the panel reads it beside the launcher, which leads to what can be done about it. */
function useNoteBesideLauncher(state: LoginState): void {
  const words = useWords()
  const controller = useController()
  const { launcher, root, settings } = controller.host
  const closed = useWidget(({ open }) => !open)
  const text =
    state.kind === 'ending'
      ? state.mayStay
        ? words.endsIdleSoon
        : words.endsForGoodSoon
      : state.kind === 'over' && overText(state, words)
  useEffect(() => {
    if (!closed || !text || !launcher) return
    const note = document.createElement('div')
    note.role = 'alert'
    note.className = `launcher-note launcher-note-${settings.position ?? 'right'}`
    const button = note.appendChild(document.createElement('button'))
    button.type = 'button'
    button.textContent = text
    button.onclick = () => controller.show()
    // Beside the panel, for its colours and its text size.
    root.querySelector('.theme')?.append(note)
    return () => note.remove()
  }, [closed, text, launcher, root, settings, controller])
}

const overText = ({ because }: Extract<LoginState, { kind: 'over' }>, words: OtherWording) =>
  because === 'expired' ? words.signedOutExpired : words.signedOutIdle

interface EndingProps {
  state: Extract<LoginState, { kind: 'ending' }>
  onStay: () => void
  onSignOut: () => void
}

function Ending({ state: { endsAt, mayStay }, onStay, onSignOut }: EndingProps) {
  const controller = useController()
  const words = useWords()
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  const left = Math.max(Math.round((endsAt - now) / 1000), 0)
  // Said once: a screen reader that counted down would let nobody do anything else.
  const [atFirst] = useState(left)
  const text = (seconds: number) => controller.count(mayStay ? words.endsIdle : words.endsForGood, seconds)
  return (
    <div className="login-notice">
      <p role="alert" className="sr-only">
        {text(atFirst)}
      </p>
      <p aria-hidden="true">{text(left)}</p>
      <div className="side-by-side">
        <button type="button" className="button grow" onClick={onSignOut}>
          {words.signOut}
        </button>
        {mayStay && (
          <button type="button" className="button button-primary grow" onClick={onStay}>
            {words.staySignedIn}
          </button>
        )}
      </div>
    </div>
  )
}

/** Leaves nothing of the patient's on the page and the device. False: another tab has done so, or somebody else is here. */
function leave(controller: Controller, token: string): boolean {
  if (controller.storage.read().patient?.token !== token) {
    controller.followPatient()
    return false
  }
  const { root } = controller.host
  const hadFocus = Boolean(root.activeElement)
  controller.leave()
  controller.store.setState({ places: [{ name: 'chat' }] })
  if (hadFocus) controller.askForFocus()
  return true
}
