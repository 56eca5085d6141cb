import { useEffect } from 'react'
import type { CallHost } from '../call/call'
import type { CallState, Tap } from '../call/call-state'
import { letGo, tapped } from '../call/tap'
import type { Controller } from '../controller'
import { Icon } from '../ui/icon'
import { IconButton } from '../ui/icon-button'
import * as otherIcons from '../ui/icons-other-views'
import { useController, useConversation, useStore, useWidget } from '../widget-context'
import type { CallWording } from '../wording/en-call'
import { useWords } from '../wording/use-words'
import { callView } from './other-views'

/** Begins a call, where there may be one. */
export function CallButton() {
  const controller = useController()
  const label = useWidget(({ appearance }) => appearance?.uiHints.voiceButtonText)
  const goesOn = useWidget(({ call }) => call && !call.problem)
  const mayCall = useConversation(
    ({ connection, session }) => connection === 'online' && session?.voice.enabled,
  )
  if (!mayCall || goesOn) return null
  return (
    <IconButton
      path={otherIcons.microphone}
      label={controller.ofHospital(label) ?? ''}
      onClick={() => beginCall(controller)}
    />
  )
}

/** The call, wherever in the widget the visitor is. */
export function InCall() {
  const controller = useController()
  const { wording, store } = controller
  const call = useWidget((state) => state.call)
  const { part, failed } = useStore(callView.state, (now) => now)
  if (!call) return null
  if (part) return <part.CallBar state={call} onAgain={() => beginCall(controller)} />
  return (
    <div className="banner banner-quiet" role="status">
      <span className="grow">{failed ? wording.loadFailed : wording.connecting}</span>
      {failed && (
        <button type="button" className="link-button" onClick={() => beginCall(controller)}>
          {wording.tryAgain}
        </button>
      )}
      <button type="button" className="link-button" onClick={() => store.setState({ call: undefined })}>
        {wording.understood}
      </button>
    </div>
  )
}

/** Does what the page asks for, and ends a call with the widget that it is in. */
export function CallKeeper() {
  const controller = useController()
  const { store, host, wording } = controller
  const asked = useWidget((state) => state.callAsked)
  const session = useConversation((state) => state.session)
  useEffect(() => {
    if (asked === undefined || (asked && !session)) return
    store.setState({ callAsked: undefined })
    if (!asked) endCall(controller)
    else if (!session?.voice.enabled)
      host.emit('error', () => ({ code: 'VOICE_UNAVAILABLE', message: wording.voiceUnavailable }))
    else if (navigator.userActivation?.isActive === false)
      // A browser would ask for the microphone out of the blue.
      host.emit('error', () => ({
        code: 'VOICE_NEEDS_PRESS',
        message: 'startVoice has to be called while the visitor presses something',
      }))
    else beginCall(controller)
  }, [asked, session, controller, store, host, wording])
  useEffect(() => () => endCall(controller), [controller])
  return null
}

/** Beside what was said in a call, and not typed. */
export function SpokenMark() {
  const words = useWords()
  return (
    <span className="spoken">
      <Icon path={otherIcons.microphone} size={14} /> {words.spoken}
    </span>
  )
}

const goesOn = (call: CallState | undefined) => call && !call.problem

function beginCall(controller: Controller): void {
  const { store } = controller
  if (goesOn(store.getState().call)) endCall(controller)
  const tap = tapped()
  store.setState({ call: { tap, phase: 'asking', muted: false } })
  const isThis = () => store.getState().call?.tap === tap
  const { state, load } = callView
  const take = () => {
    const { part, failed } = state.getState()
    if (!part && !failed && isThis()) return
    stopWaiting()
    if (!part || !isThis()) return letGo(tap)
    const call = new part.Call(
      hostOf(controller, tap, () => part.callWords(controller)),
      tap,
    )
    store.setState((now) => ({ call: now.call && { ...now.call, call } }))
  }
  const watches = [state.subscribe(take), store.subscribe((now) => now.call?.tap === tap || take())]
  const stopWaiting = () => {
    for (const stop of watches) stop()
  }
  load()
  take()
}

function endCall({ store }: Controller): void {
  const { call } = store.getState()
  if (call?.call) call.call.hangUp()
  else if (call) store.setState({ call: undefined })
}

function hostOf(controller: Controller, tap: Tap, words: () => CallWording): CallHost {
  const { api, conversation, host, settings, store } = controller
  const tell = (status: string) => host.emit('voice', () => ({ status }))
  const update = (changes: Partial<CallState>) => {
    const { call } = store.getState()
    if (call?.tap !== tap) return
    if (changes.phase && changes.phase !== call.phase) tell(changes.phase)
    store.setState({ call: { ...call, ...changes } })
  }
  return {
    session: () => api.initSession({ projectId: settings.projectId }, conversation.kept?.token),
    update,
    onBegun: () => controller.announce(words().begun),
    onEnd(problem) {
      const { call } = store.getState()
      tell('ended')
      if (call?.tap !== tap) return
      store.setState({ call: problem && { ...call, problem, call: undefined } })
      if (!problem) controller.announce(words().ended)
    },
  }
}
