import { type FormEvent, useRef, useState } from 'react'
import { type SignInProblem, signIn } from '../client/account'
import type { Controller } from '../controller'
import { useController } from '../widget-context'
import type { OtherWording } from '../wording/beside-the-chat'
import { useWords } from '../wording/use-words'
import { ViewHeader } from './view-header'

/** Where a patient says who they are. What they type stays in the fields: no state, no draft, nothing on the device. */
export function SignInView() {
  const words = useWords()
  const controller = useController()
  const email = useRef<HTMLInputElement>(null)
  const password = useRef<HTMLInputElement>(null)
  const [shown, setShown] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const [wrongField, setWrongField] = useState<'email' | 'password'>()

  const complain = (text: string, field?: 'email' | 'password') => {
    setProblem(text)
    setWrongField(field)
    if (field) (field === 'email' ? email : password).current?.focus()
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const address = email.current?.value.trim() ?? ''
    const secret = password.current?.value ?? ''
    if (busy) return
    if (!/^\S+@\S+\.\S+$/.test(address)) return complain(words.emailMissing, 'email')
    if (!secret) return complain(words.passwordMissing, 'password')
    setBusy(true)
    setProblem('')
    setWrongField(undefined)
    const { api, storage, conversation } = controller
    const failure = await signIn(api, storage, conversation.kept, address, secret)
    setBusy(false)
    if (failure)
      return complain(inWords(failure, words, controller), failure.kind === 'wrong' ? 'password' : undefined)
    controller.followPatient()
    controller.announce(words.signedIn)
    controller.back()
    controller.go({ name: 'history' })
  }
  const mistake = (field: 'email' | 'password') =>
    wrongField === field ? { 'aria-invalid': true, 'aria-describedby': 'sign-in-problem' } : {}

  return (
    <>
      <ViewHeader title={words.signIn} />
      <form className="page" noValidate onSubmit={submit}>
        <p className="muted">{words.signInHint}</p>
        <label className="group">
          <span className="section-title">{words.email}</span>
          <input
            ref={email}
            className="field"
            type="email"
            name="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck="false"
            required
            {...mistake('email')}
          />
        </label>
        <div className="group">
          <label htmlFor="sign-in-password" className="section-title">
            {words.password}
          </label>
          <div className="field-with-button">
            <input
              ref={password}
              id="sign-in-password"
              className="field"
              type={shown ? 'text' : 'password'}
              name="password"
              autoComplete="current-password"
              autoCapitalize="none"
              spellCheck="false"
              required
              {...mistake('password')}
            />
            <button
              type="button"
              className="button"
              aria-label={shown ? words.hidePassword : words.showPassword}
              onClick={() => setShown(!shown)}
            >
              {shown ? words.hide : words.show}
            </button>
          </div>
        </div>
        <p role="alert" id="sign-in-problem" className="problem">
          {problem}
        </p>
        <button type="submit" className="button button-primary" aria-disabled={busy}>
          {busy ? words.signingIn : words.signIn}
        </button>
        <p className="muted">{words.sharedDevice}</p>
      </form>
    </>
  )
}

function inWords(problem: SignInProblem, words: OtherWording, controller: Controller): string {
  switch (problem.kind) {
    case 'wrong':
      return words.signInWrong
    case 'taken':
      return words.signInTaken
    case 'tooMany':
      return controller.count(words.signInTooMany, problem.seconds)
    case 'unreachable':
      return words.signInUnreachable
    case 'failed':
      return words.signInFailed
  }
}
