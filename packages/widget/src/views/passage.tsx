import { useState } from 'react'
import type { WireCitation } from '../generated/wire'
import { Icon } from '../ui/icon'
import * as icons from '../ui/icons'
import { useWords } from '../wording/use-words'

/** The words of a source that an answer rests on, to read beside it without leaving for the page they are from. */
export function Passage({ id, citation: { title, snippet } }: { id: string; citation: WireCitation }) {
  const words = useWords()
  const [open, setOpen] = useState(false)
  if (!snippet) return null
  const label = words.showPassage.replace('{title}', () => title)
  return (
    <>
      <button
        type="button"
        className="source-more"
        aria-label={label}
        title={label}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <Icon path={icons.close} size={18} />
      </button>
      <blockquote id={id} className="passage" hidden={!open} dir="auto">
        {snippet}
      </blockquote>
    </>
  )
}
