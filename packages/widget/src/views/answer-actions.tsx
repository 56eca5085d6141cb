import { useLayoutEffect, useState } from 'react'
import type { TranscriptEntry } from '../client/transcript'
import { formatting } from '../markdown/formatted'
import styles from '../styles/rating.css?inline'
import { adopt } from '../ui/adopt'
import { Icon } from '../ui/icon'
import * as icons from '../ui/icons'
import * as otherIcons from '../ui/icons-other-views'
import { useController, useStore } from '../widget-context'
import { useWords } from '../wording/use-words'
import { Rating } from './rating'

/** What can be done with an answer: copy it, and say whether it helped. */
export function AnswerActions({ entry }: { entry: TranscriptEntry }) {
  const { root } = useController().host
  useLayoutEffect(() => adopt(root, styles), [root])
  return (
    <>
      <Copy text={entry.content} />
      <Rating entry={entry} />
    </>
  )
}

/** For how long the button says that it has copied. */
const SHOWN_MS = 2_000

function Copy({ text }: { text: string }) {
  const controller = useController()
  const words = useWords()
  const { part } = useStore(formatting.state, (now) => now)
  const [copied, setCopied] = useState(false)
  const copy = () =>
    // As it is read, without the marks of its formatting.
    new Promise((resolve) => resolve(navigator.clipboard.writeText(part ? part.spoken(text) : text))).then(
      () => {
        controller.announce(words.copied)
        setCopied(true)
        setTimeout(() => setCopied(false), SHOWN_MS)
      },
      // Some pages forbid it to what they embed, and some browsers do without a secure connection.
      () => controller.announce(words.copyFailed),
    )
  return (
    <button type="button" className="rate" aria-label={words.copy} title={words.copy} onClick={copy}>
      <Icon path={copied ? icons.check : otherIcons.copy} size={18} />
    </button>
  )
}
