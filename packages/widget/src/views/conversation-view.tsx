import { useCallback, useEffect, useRef, useState } from 'react'
import type { KeptConversation } from '../client/device-record'
import { entryFrom, type Transcript, withEntries } from '../client/transcript'
import { SaveCopy } from '../ui/save-copy'
import { showMessage } from '../ui/show-message'
import { useController, useLocale } from '../widget-context'
import { dayOf } from '../wording/dates'
import { useWords } from '../wording/use-words'
import { keepingPosition, OlderButton } from './chat/live-transcript'
import { MessageList } from './chat/message-list'
import { ViewHeader } from './view-header'

/** An earlier conversation, to read and to save. */
export function ConversationView({
  kept,
  messageId,
}: {
  kept: KeptConversation
  messageId?: string | undefined
}) {
  const words = useWords()
  const { api, wording } = useController()
  const locale = useLocale()
  const [transcript, setTranscript] = useState<Transcript>([])
  const [cursor, setCursor] = useState<string>()
  const [state, setState] = useState<'loading' | 'loaded' | 'failed'>('loading')
  const scroller = useRef<HTMLDivElement>(null)

  const load = useCallback(
    async (before?: string) => {
      const page = await api.messages(kept, before ? { before } : {})
      setTranscript((entries) => withEntries(entries, page.messages.map(entryFrom)))
      setCursor(page.before ?? undefined)
      return page
    },
    [api, kept],
  )
  useEffect(() => {
    if (state !== 'loading') return
    const loadAll = async () => {
      let page = await load()
      // Back to the message that was looked for.
      while (messageId && page.before && !page.messages.some((one) => one.messageId === messageId))
        page = await load(page.before)
    }
    loadAll().then(
      () => setState('loaded'),
      () => setState('failed'),
    )
  }, [load, state, messageId])
  useEffect(() => {
    if (state === 'loaded' && messageId && scroller.current) showMessage(scroller.current, messageId)
  }, [state, messageId])

  return (
    <>
      <ViewHeader title={dayOf(kept.startedAt, locale, wording)} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable to be scrolled by keyboard */}
      <section ref={scroller} className="scroller" aria-label={wording.conversation} tabIndex={0}>
        <div className="messages">
          <p className="muted">{words.readOnly}</p>
          {cursor && (
            <OlderButton
              onLoad={() => keepingPosition(scroller.current, () => load(cursor).then(() => {}))}
            />
          )}
          {state === 'loading' && <p className="muted">{wording.loading}</p>}
          {state === 'failed' && (
            <p className="problem">
              {wording.loadFailed}{' '}
              <button type="button" className="link-button" onClick={() => setState('loading')}>
                {wording.tryAgain}
              </button>
            </p>
          )}
          <MessageList entries={transcript} />
        </div>
      </section>
      <div className="page-end">
        <SaveCopy kept={kept} />
      </div>
    </>
  )
}
