import { Fragment } from 'react'
import type { Transcript, TranscriptEntry } from '../../client/transcript'
import { useController, useLocale } from '../../widget-context'
import { dayOf } from '../../wording/dates'
import { Message } from './message'

/** Messages of one author within this time stand together. */
const GROUP_MS = 5 * 60_000

export function MessageList({ entries }: { entries: Transcript }) {
  const { wording } = useController()
  const locale = useLocale()
  return entries.map((entry, index) => {
    const previous = entries[index - 1]
    const next = entries[index + 1]
    const day = dayOf(entry.createdAt, locale, wording)
    const newDay = !previous || day !== dayOf(previous.createdAt, locale, wording)
    return (
      <Fragment key={entry.messageId}>
        {newDay && <p className="day">{day}</p>}
        <Message
          entry={entry}
          startsGroup={newDay || !together(previous, entry)}
          endsGroup={!together(entry, next)}
        />
      </Fragment>
    )
  })
}

function together(one: TranscriptEntry | undefined, other: TranscriptEntry | undefined): boolean {
  if (!one || !other || one.role !== other.role) return false
  return Math.abs(Date.parse(other.createdAt) - Date.parse(one.createdAt)) < GROUP_MS
}
