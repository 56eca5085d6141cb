import { useEffect, useRef, useState } from 'react'
import { Icon } from '../../ui/icon'
import * as icons from '../../ui/icons'
import { useFollowEnd } from '../../ui/use-follow-end'
import { useController, useConversation } from '../../widget-context'
import { MessageList } from './message-list'
import { Greeting, Suggestions } from './welcome'

/** The conversation as it happens. Its changes are spoken by the panel's announcer, whole answers at a time. */
export function LiveTranscript() {
  const { conversation, storage, wording } = useController()
  const transcript = useConversation((state) => state.transcript)
  const answering = useConversation((state) => state.answering)
  const loaded = useConversation((state) => state.loaded)
  const connecting = useConversation(
    ({ connection }) => connection === 'connecting' || connection === 'online',
  )
  const olderCursor = useConversation((state) => state.olderCursor)
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const { atEnd, toEnd } = useFollowEnd(scroller, content, transcript.length > 0)
  const last = transcript[transcript.length - 1]
  const unseen = useUnseen(last?.messageId, atEnd)

  // Whoever sends a message wants to see it, wherever they were reading.
  const sentLast = last?.role === 'user' ? last.messageId : undefined
  useEffect(() => {
    if (sentLast) toEnd()
  }, [sentLast, toEnd])

  return (
    <div className="transcript">
      <div
        ref={scroller}
        className="scroller"
        role="log"
        aria-live="off"
        aria-label={wording.conversation}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable to be scrolled by keyboard
        tabIndex={0}
      >
        <div ref={content} className="messages">
          {olderCursor ? (
            <OlderButton onLoad={() => keepingPosition(scroller.current, () => conversation.loadOlder())} />
          ) : (
            <Greeting />
          )}
          {!loaded && (
            <p className="muted centered">
              {connecting && <Dots />}
              {connecting
                ? wording.loading
                : storage.read().current
                  ? wording.loadsLater
                  : wording.beginsLater}
            </p>
          )}
          <MessageList entries={transcript} />
          {answering && !last?.streaming && <TypingDots label={wording.writing} />}
          {loaded && transcript.length === 0 && <Suggestions />}
        </div>
      </div>
      {!atEnd && (
        <button type="button" className={unseen ? 'to-end to-end-new' : 'to-end'} onClick={toEnd}>
          <Icon path={icons.down} size={16} />
          <span className={unseen ? '' : 'sr-only'}>{unseen ? wording.newMessages : wording.toNewest}</span>
        </button>
      )}
    </div>
  )
}

/** Whether something came while the reader was further up. */
function useUnseen(lastId: string | undefined, atEnd: boolean): boolean {
  const [seenId, setSeenId] = useState(lastId)
  useEffect(() => {
    if (atEnd) setSeenId(lastId)
  }, [atEnd, lastId])
  return !atEnd && seenId !== lastId
}

export function OlderButton({ onLoad }: { onLoad: () => Promise<void> }) {
  const { wording } = useController()
  const [state, setState] = useState<'idle' | 'loading' | 'failed'>('idle')
  const load = () => {
    setState('loading')
    onLoad().then(
      () => setState('idle'),
      () => setState('failed'),
    )
  }
  return (
    <div className="older">
      {state === 'failed' && <p className="problem">{wording.loadFailed}</p>}
      <button type="button" className="link-button" disabled={state === 'loading'} onClick={load}>
        {state === 'loading' ? wording.loading : wording.earlierMessages}
      </button>
    </div>
  )
}

/** What is added above must not push away what is being read. */
export async function keepingPosition(
  scroller: HTMLElement | null,
  load: () => Promise<void>,
): Promise<void> {
  const fromEnd = scroller ? scroller.scrollHeight - scroller.scrollTop : 0
  await load()
  requestAnimationFrame(() => {
    if (scroller) scroller.scrollTop = scroller.scrollHeight - fromEnd
  })
}

function TypingDots({ label }: { label: string }) {
  return (
    <div className="message message-assistant starts ends">
      <div className="bubble typing">
        <span className="sr-only">{label}</span>
        <Dots />
      </div>
    </div>
  )
}

const Dots = () => (
  <span className="dots">
    <i />
    <i />
    <i />
  </span>
)
