import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { ArchivedConversation } from '../client/archive'
import { type FoundMessage, HistorySearch, type Range } from '../client/search'
import { formatting } from '../markdown/formatted'
import { Icon } from '../ui/icon'
import * as otherIcons from '../ui/icons-other-views'
import { showMessage } from '../ui/show-message'
import { useController, useLocale } from '../widget-context'
import { dayOf, timeOfDay } from '../wording/dates'
import { useWords } from '../wording/use-words'

/** A single letter finds everything. */
const SHORTEST = 2
/** As long as somebody types, nothing is looked for. */
const PAUSE_MS = 250
const MOST_SHOWN = 50
/** What is shown of a message around the first place found. */
const BEFORE = 40
const AFTER = 120

type Outcome = { found: FoundMessage[]; incomplete: boolean } | 'searching'

/** Finds what was said in the conversations listed. While there is something to look for, what is found takes the list's place. */
export function HistorySearchBox({
  conversations,
  children,
}: {
  conversations: readonly ArchivedConversation[]
  children: ReactNode
}) {
  const controller = useController()
  const words = useWords()
  const { api, wording } = controller
  const [query, setQuery] = useState('')
  const [outcome, setOutcome] = useState<Outcome>()
  const search = useRef<HistorySearch>(undefined)
  const wanted = query.trim().length >= SHORTEST

  useEffect(() => {
    if (!wanted) return setOutcome(undefined)
    setOutcome('searching')
    let overtaken = false
    const timer = setTimeout(() => {
      search.current ??= new HistorySearch(
        api,
        (text) => formatting.state.getState().part?.spoken(text) ?? text,
      )
      search.current
        .search(
          conversations.map(({ kept }) => kept),
          query,
        )
        .then((now) => overtaken || setOutcome(now))
    }, PAUSE_MS)
    return () => {
      overtaken = true
      clearTimeout(timer)
    }
  }, [api, conversations, query, wanted])

  const current = conversations.find(({ isCurrent }) => isCurrent)?.kept.sessionId
  const done = outcome !== 'searching' ? outcome : undefined
  const nothing = done?.found.length === 0
  return (
    <>
      <div className="search-box">
        <Icon path={otherIcons.search} size={18} />
        <input
          className="field"
          type="search"
          aria-label={words.search}
          placeholder={words.search}
          autoComplete="off"
          enterKeyHint="search"
          dir={query ? 'auto' : undefined}
          value={query}
          onInput={({ currentTarget }) => setQuery(currentTarget.value)}
        />
      </div>
      <p role="status" className={nothing ? 'muted empty' : outcome ? 'muted' : 'sr-only'}>
        {nothing && (
          <span className="emblem" aria-hidden="true">
            <Icon path={otherIcons.search} size={28} />
          </span>
        )}
        {outcome === 'searching' && words.searching}
        {done && controller.count(words.found, done.found.length)}
        {done?.incomplete && ` ${words.searchIncomplete}`}
      </p>
      {done?.found.length ? (
        <ul className="rows">
          {done.found.slice(0, MOST_SHOWN).map((found) => (
            <li key={found.message.messageId}>
              <FoundRow
                found={found}
                who={found.message.role === 'user' ? wording.you : wording.assistant}
                isCurrent={found.kept.sessionId === current}
              />
            </li>
          ))}
        </ul>
      ) : (
        !wanted && children
      )}
    </>
  )
}

function FoundRow({ found, who, isCurrent }: { found: FoundMessage; who: string; isCurrent: boolean }) {
  const controller = useController()
  const { conversation, host } = controller
  const locale = useLocale()
  const { kept, message, text, ranges } = found
  const { messageId, createdAt } = message
  const open = () => {
    const { transcript } = conversation.state.getState()
    if (!isCurrent || !transcript.some((entry) => entry.messageId === messageId))
      return controller.go({ name: 'conversation', kept, messageId })
    controller.go({ name: 'chat' })
    // Once the chat is drawn, and has gone to its end.
    setTimeout(() => {
      const scroller = host.root.querySelector<HTMLElement>('.transcript .scroller')
      if (scroller) showMessage(scroller, messageId)
    }, 50)
  }
  return (
    <button type="button" className="row" onClick={open}>
      <span className="grow min-w-0">
        <span className="row-title found-text" dir="auto">
          {excerpt(text, ranges)}
        </span>
        <span className="row-detail">
          {who} · {dayOf(createdAt, locale, controller.wording)}, {timeOfDay(createdAt, locale)}
        </span>
      </span>
      <Icon path={otherIcons.forward} size={18} />
    </button>
  )
}

/** The text around the first place, with all places in it marked. */
function excerpt(text: string, ranges: readonly Range[]): ReactNode[] {
  const first = ranges[0]?.[0] ?? 0
  // From the beginning of a word on.
  const from = Math.min(first, first <= BEFORE ? 0 : text.indexOf(' ', first - BEFORE) + 1 || first)
  const to = Math.min(text.length, first + AFTER)
  const parts: ReactNode[] = from > 0 ? ['… '] : []
  let at = from
  for (const [begin, end] of ranges) {
    if (begin >= to) break
    parts.push(text.slice(at, begin), <mark key={begin}>{text.slice(begin, end)}</mark>)
    at = end
  }
  return [...parts, text.slice(at, Math.max(at, to)), to < text.length ? ' …' : '']
}
