import { useEffect, useState } from 'react'
import { signOut } from '../client/account'
import type { Controller } from '../controller'
import { useController } from '../widget-context'
import { useWords } from '../wording/use-words'

const SHORTEST_S = 15
/** How long somebody is asked whether they are still there, at most half of the whole time. */
const ASKED_FOR_S = 30
/** How exactly it is noted, for other pages and tabs, when somebody was there. */
const NOTED_EVERY_MS = 5_000
const SIGNS = ['click', 'keydown', 'pointermove', 'wheel', 'touchstart']
/** Of somebody who is asked: what is on screen must not move before their click has reached it. */
const ANSWERS = ['click', 'keydown']

/** On a computer that several people use: asks whether anybody is still there, and otherwise leaves nothing of theirs. */
export function Kiosk({ seconds }: { seconds: number }) {
  const controller = useController()
  const words = useWords()
  const [left, setLeft] = useState<number>()
  useEffect(() => watch(controller, seconds, setLeft), [controller, seconds])
  if (left === undefined) return null
  return (
    <div className="login-notice">
      <p role="alert" className="sr-only">
        {words.kioskAlert}
      </p>
      <p aria-hidden="true">{controller.count(words.kioskEnds, left)}</p>
      {/* Whatever somebody does is a sign of them; this says so in words. */}
      <button type="button" className="button button-primary">
        {words.kioskStay}
      </button>
    </div>
  )
}

/** @param tell how many seconds are left, as soon as somebody should know. */
function watch(controller: Controller, seconds: number, tell: (left?: number) => void): () => void {
  const { storage } = controller
  const whole = Math.max(Number(seconds) || 0, SHORTEST_S)
  const asked = Math.min(ASKED_FOR_S, whole / 2)
  let here = Date.now()
  let asking = false
  const say = (left?: number) => {
    asking = left !== undefined
    tell(left)
  }
  const isAnything = () =>
    storage.read().current ||
    storage.read().patient ||
    controller.conversation.kept ||
    controller.store.getState().draft
  const look = () => {
    const last = Math.max(here, storage.read().activeAt ?? 0)
    const left = whole - (Date.now() - last) / 1000
    if (!isAnything() || left > asked) return say()
    if (left > 0) return say(Math.ceil(left))
    here = Date.now()
    say()
    void wipe(controller)
  }
  const sign = ({ type }: Event) => {
    if (asking && !ANSWERS.includes(type)) return
    here = Date.now()
    say()
    const { activeAt = 0 } = storage.read()
    if (isAnything() && here - activeAt > NOTED_EVERY_MS) storage.update({ activeAt: here })
  }
  // Left behind on a page before this one, perhaps by somebody else.
  const { activeAt } = storage.read()
  if (activeAt) here = activeAt
  look()
  const timer = setInterval(look, 1_000)
  const listening = new AbortController()
  // What is done anywhere on the page counts: whoever reads it is there.
  for (const type of SIGNS)
    addEventListener(type, sign, { capture: true, passive: true, signal: listening.signal })
  return () => {
    clearInterval(timer)
    listening.abort()
  }
}

/** A patient's conversations are theirs, and stay; what nobody signed in to is erased, here and at the hospital. */
async function wipe(controller: Controller): Promise<void> {
  controller.hide()
  controller.store.setState({ places: [{ name: 'chat' }] })
  if (!controller.storage.read().patient) return controller.call('endSession', [])
  // Where that does not arrive the token is gone from here all the same.
  await signOut(controller.api, controller.storage).catch(() => {})
  controller.conversation.forget()
}
