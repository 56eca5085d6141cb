import { useLayoutEffect, useRef, useState } from 'react'
import { useController } from '../widget-context'

/** Asks once more before everything is erased. A native modal dialog: focus, Escape and screen readers work as they should. */
export function EraseDialog({ onClose }: { onClose: () => void }) {
  const controller = useController()
  const { conversation, wording } = controller
  const dialog = useRef<HTMLDialogElement>(null)
  const [state, setState] = useState<'asking' | 'erasing' | 'failed'>('asking')

  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [])

  const done = () => {
    onClose()
    controller.go({ name: 'chat' })
  }
  const erase = () => {
    setState('erasing')
    conversation.endAndErase().then(done, () => setState('failed'))
  }
  const forget = () => {
    conversation.forget()
    done()
  }
  return (
    <dialog
      ref={dialog}
      className="confirm"
      aria-labelledby="erase-title"
      aria-describedby="erase-text"
      onClose={onClose}
    >
      <h3 id="erase-title" className="empty-title">
        {wording.confirmTitle}
      </h3>
      <p id="erase-text" className="muted">
        {wording.confirmText}
      </p>
      <p role="status" className="problem">
        {state === 'failed' && wording.eraseFailed}
      </p>
      <div className="confirm-actions">
        <button type="button" className="button" onClick={onClose}>
          {wording.cancel}
        </button>
        {state === 'failed' && (
          <button type="button" className="button" onClick={forget}>
            {wording.forgetHere}
          </button>
        )}
        <button type="button" className="button button-erase" disabled={state === 'erasing'} onClick={erase}>
          {state === 'failed' ? wording.tryAgain : wording.confirm}
        </button>
      </div>
    </dialog>
  )
}
