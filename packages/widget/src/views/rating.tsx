import { useEffect, useRef, useState } from 'react'
import { rate as sendRating } from '../client/ratings'
import type { TranscriptEntry } from '../client/transcript'
import { Icon } from '../ui/icon'
import * as icons from '../ui/icons-other-views'
import { useController, useConversation } from '../widget-context'
import { useWords } from '../wording/use-words'

const LONGEST_COMMENT = 2_000

type Rated = NonNullable<TranscriptEntry['rating']>

/** Whether an answer helped, in the reader's opinion: two buttons, and a word about what was missing. */
export function Rating({ entry: { messageId, rating } }: { entry: TranscriptEntry }) {
  const words = useWords()
  const controller = useController()
  const { conversation } = controller
  // An earlier conversation is there to be read.
  const isOfThisOne = useConversation(({ transcript }) =>
    transcript.some((entry) => entry.messageId === messageId),
  )
  const online = useConversation(({ connection }) => connection === 'online')
  const [waits, setWaits] = useState(false)
  const [asking, setAsking] = useState(false)
  const down = useRef<HTMLButtonElement>(null)
  if (!isOfThisOne) return null

  const rate = (chosen: Rated) => {
    const now = rating === chosen ? undefined : chosen
    setWaits(!sendRating(conversation, messageId, now))
    setAsking(now === 'down')
    controller.announce(
      !now ? words.ratingTakenBack : now === 'up' ? words.ratingThanks : words.ratingThanksAndWhy,
    )
  }
  const close = (comment?: string) => {
    if (comment) {
      setWaits(!sendRating(conversation, messageId, 'down', comment))
      controller.announce(words.ratingThanks)
    }
    setAsking(false)
    down.current?.focus()
  }
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset wants a legend, and looks like one */}
      <div role="group" aria-label={words.ratingQuestion} className="rating-buttons">
        <RateButton
          path={icons.up}
          label={words.ratingUp}
          chosen={rating === 'up'}
          onClick={() => rate('up')}
        />
        <RateButton
          path={icons.down}
          label={words.ratingDown}
          chosen={rating === 'down'}
          onClick={() => rate('down')}
          element={down}
        />
        {waits && !online && <span className="rating-note">{controller.wording.waitingForConnection}</span>}
      </div>
      {asking && rating === 'down' && <Comment id={`why-${messageId}`} onDone={close} />}
    </>
  )
}

interface RateButtonProps {
  path: string
  label: string
  chosen: boolean
  onClick: () => void
  element?: { current: HTMLButtonElement | null }
}

function RateButton({ path, label, chosen, onClick, element }: RateButtonProps) {
  return (
    <button
      ref={element}
      type="button"
      className="rate"
      aria-label={label}
      aria-pressed={chosen}
      title={label}
      onClick={onClick}
    >
      <Icon path={path} size={18} />
    </button>
  )
}

function Comment({ id, onDone }: { id: string; onDone: (comment?: string) => void }) {
  const words = useWords()
  const form = useRef<HTMLFormElement>(null)
  const [text, setText] = useState('')
  // It opens below the last line that was in sight.
  useEffect(() => {
    const scroller = form.current?.closest('.scroller')
    const below =
      (form.current?.getBoundingClientRect().bottom ?? 0) - (scroller?.getBoundingClientRect().bottom ?? 0)
    if (scroller && below > 0) scroller.scrollTop += below + 8
  }, [])
  return (
    <form
      ref={form}
      className="rating-comment"
      onSubmit={(event) => {
        event.preventDefault()
        onDone(text.trim())
      }}
    >
      <label htmlFor={id}>{words.ratingWhy}</label>
      <textarea
        id={id}
        rows={2}
        maxLength={LONGEST_COMMENT}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <div className="rating-actions">
        <button type="button" className="link-button" onClick={() => onDone()}>
          {words.ratingSkip}
        </button>
        <button type="submit" className="button button-primary" disabled={!text.trim()}>
          {words.ratingSend}
        </button>
      </div>
    </form>
  )
}
