import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useController } from '../widget-context'
import { useWords } from '../wording/use-words'

/** Asks once more before everything is erased. A native modal dialog: focus, Escape and screen readers work as they should. */
export function EraseDialog({ onClose }: { onClose: () => void }) {
  const words = useWords()
  const controller = useController()
  const { conversation, wording } = controller
  const dialog = useRef<HTMLDialogElement>(null)
  const close = useRef<HTMLButtonElement>(null)
  const [state, setState] = useState<'asking' | 'erasing' | 'failed' | 'kept'>('asking')

  useLayoutEffect(() => {
    const element = dialog.current
    if (!element) return
    const place = () => placeInPanel(element)
    place()
    element.showModal()
    addEventListener('resize', place)
    addEventListener('scroll', place, true)
    return () => {
      removeEventListener('resize', place)
      removeEventListener('scroll', place, true)
      element.close()
    }
  }, [])

  const done = () => {
    onClose()
    controller.go({ name: 'chat' })
  }
  const erase = () => {
    setState('erasing')
    conversation.endAndErase().then(
      (isKept) => (isKept ? setState('kept') : done()),
      () => setState('failed'),
    )
  }
  const forget = () => {
    conversation.forget()
    done()
  }
  const isKept = state === 'kept'
  // The button that had the keyboard is gone.
  useEffect(() => {
    if (isKept) close.current?.focus()
  }, [isKept])
  return (
    <dialog
      ref={dialog}
      className="confirm"
      aria-labelledby="erase-title"
      aria-describedby="erase-text"
      onClose={isKept ? done : onClose}
    >
      <h3 id="erase-title" className="empty-title">
        {isKept ? words.keptTitle : words.confirmTitle}
      </h3>
      <p id="erase-text" className="muted">
        {isKept ? words.keptText : words.confirmText}
      </p>
      <p role="status" className="problem">
        {state === 'failed' && words.eraseFailed}
      </p>
      <div className="confirm-actions">
        <button ref={close} type="button" className="button" onClick={isKept ? done : onClose}>
          {isKept ? words.keptClose : words.cancel}
        </button>
        {state === 'failed' && (
          <button type="button" className="button" onClick={forget}>
            {words.forgetHere}
          </button>
        )}
        {!isKept && (
          <button
            type="button"
            className="button button-erase"
            disabled={state === 'erasing'}
            onClick={erase}
          >
            {state === 'failed' ? wording.tryAgain : words.confirm}
          </button>
        )}
      </div>
    </dialog>
  )
}

/** A modal dialog is laid out in the window. This one concerns the panel alone: it and what it dims stay inside the panel's box. */
function placeInPanel(dialog: HTMLDialogElement): void {
  const panel = dialog.closest('.panel')
  if (!panel) return
  const { top, right, bottom, left, width } = panel.getBoundingClientRect()
  // An inline panel may reach out of the window; the dialog must not.
  const insets = [top, innerWidth - right, innerHeight - bottom, left].map((inset) => Math.max(0, inset))
  dialog.style.setProperty('--kz-panel-box', insets.map((inset) => `${inset}px`).join(' '))
  dialog.style.setProperty('--kz-panel-width', `${width}px`)
  dialog.style.setProperty('--kz-panel-corners', getComputedStyle(panel).borderRadius)
}
