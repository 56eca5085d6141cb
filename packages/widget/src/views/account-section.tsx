import { useState } from 'react'
import { Filled } from '../ui/filled'
import { useController, useConversation, useWidget } from '../widget-context'
import { useWords } from '../wording/use-words'

/** Who is signed in, and the way out; or the way in, where the hospital offers one. */
export function AccountSection() {
  const words = useWords()
  const controller = useController()
  const patient = useWidget((state) => state.patient)
  const offered = useConversation(({ session }) => session?.features.signIn)
  const [state, setState] = useState<'idle' | 'busy' | 'failed'>('idle')
  if (!patient) return offered ? <SignInOffer /> : null

  const left = () => {
    controller.announce(words.signedOut)
    controller.go({ name: 'chat' })
  }
  const out = () => {
    setState('busy')
    controller.signOut().then(left, () => setState('failed'))
  }
  const leave = () => {
    controller.leave()
    left()
  }
  return (
    <section className="group">
      <h3 className="section-title">{words.account}</h3>
      <p className="muted">
        <Filled text={words.signedInAs}>
          <bdi>
            <strong>{patient.name || words.yourself}</strong>
          </bdi>
          {patient.email && ` (${patient.email})`}
        </Filled>
      </p>
      <p role="status" className="problem">
        {state === 'failed' && words.signOutFailed}
      </p>
      <div className="side-by-side">
        <button type="button" className="button grow" aria-disabled={state === 'busy'} onClick={out}>
          {state === 'failed' ? controller.wording.tryAgain : words.signOut}
        </button>
        {state === 'failed' && (
          <button type="button" className="button grow" onClick={leave}>
            {words.forgetHere}
          </button>
        )}
      </div>
    </section>
  )
}

export function SignInOffer() {
  const words = useWords()
  const controller = useController()
  return (
    <section className="group">
      <h3 className="section-title">{words.account}</h3>
      <p className="muted">{words.signInHint}</p>
      <button type="button" className="button" onClick={() => controller.go({ name: 'sign-in' })}>
        {words.signIn}
      </button>
    </section>
  )
}
