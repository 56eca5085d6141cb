import { type FormEvent, type KeyboardEvent, useLayoutEffect, useRef } from 'react'
import { MOST_WAITING } from '../../client/outbox'
import type { Transcript } from '../../client/transcript'
import { Icon } from '../../ui/icon'
import * as icons from '../../ui/icons'
import { useFocusWhenAsked } from '../../ui/use-focus-when-asked'
import { TOUCH, useMediaQuery } from '../../ui/use-media-query'
import { useController, useConversation, useStore, useWidget } from '../../widget-context'
import { useFileViews } from '../file-views'
import { otherViews } from '../other-views'

const LONGEST_MESSAGE = 8_000
/** From here on the visitor is told how much room is left. */
const WARN_BELOW = 500
const TALLEST_PX = 144

export function Composer() {
  const controller = useController()
  const { conversation, store, wording } = controller
  const draft = useWidget((state) => state.draft)
  const hints = useWidget((state) => state.appearance?.uiHints)
  const attached = useWidget((state) => state.attached)
  const files = useFileViews()
  const answering = useConversation((state) => state.answering)
  const full = useConversation(({ transcript }) => unsent(transcript) >= MOST_WAITING)
  const { part } = useStore(otherViews.state, (now) => now)
  const input = useRef<HTMLTextAreaElement>(null)
  // On a phone the keyboard would cover half of what the visitor came to see; there the heading takes the focus.
  useFocusWhenAsked(input, !useMediaQuery(TOUCH))

  // As tall as what is written, up to a limit; measured, because a row is as tall as the chosen text size.
  useLayoutEffect(() => {
    const element = input.current
    if (!element) return
    element.style.height = 'auto'
    if (draft) element.style.height = `${Math.min(element.scrollHeight, TALLEST_PX)}px`
  }, [draft])

  const send = controller.ofHospital(hints?.sendButtonText) || wording.send
  const left = LONGEST_MESSAGE - draft.trim().length
  const empty = !attached[0] && !draft.trim()
  const ready = !empty && attached.every(({ fileId }) => fileId)
  const stoppable = answering && empty
  const submit = () => {
    if (ready && controller.send(draft, attached)) store.setState({ draft: '', attached: [] })
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    submit()
    input.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes, Enter chooses a word.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    submit()
  }
  return (
    <form className="composer" onSubmit={onSubmit}>
      {files && <files.Tray />}
      <div className="composer-field">
        {files && <files.Buttons />}
        <textarea
          ref={input}
          rows={1}
          value={draft}
          aria-label={wording.messageLabel}
          aria-describedby={left < WARN_BELOW ? 'characters-left' : undefined}
          placeholder={controller.ofHospital(hints?.inputPlaceholder) || wording.messageLabel}
          // An empty field runs in the direction of the wording, and what is written in its own.
          dir={draft ? 'auto' : undefined}
          autoComplete="off"
          enterKeyHint="send"
          onInput={(event) => store.setState({ draft: event.currentTarget.value })}
          onKeyDown={onKeyDown}
        />
        {part && <part.CallButton />}
        {stoppable ? (
          <button
            type="button"
            className="send"
            aria-label={wording.stop}
            title={wording.stop}
            onClick={() => conversation.cancel()}
          >
            <Icon path={icons.stop} size={20} />
          </button>
        ) : (
          <button
            type="submit"
            className="send"
            aria-label={send}
            title={send}
            disabled={!ready || left < 0 || full}
          >
            <Icon path={icons.send} size={20} />
          </button>
        )}
      </div>
      {full && (
        <p role="status" className="meta">
          {wording.waitingFull}
        </p>
      )}
      {left < WARN_BELOW && (
        <p id="characters-left" role="status" className={left < 0 ? 'meta problem' : 'meta'}>
          {left < 0 ? wording.tooLong : controller.count(wording.charactersLeft, left)}
        </p>
      )}
    </form>
  )
}

const unsent = (transcript: Transcript) =>
  transcript.filter(({ role, seq }) => role === 'user' && seq === undefined).length
