import { useCallback, useEffect, useRef, useState } from 'react'
import { type ArchivedConversation, listConversations, listPatientsConversations } from '../client/archive'
import { Icon } from '../ui/icon'
import * as icons from '../ui/icons'
import * as otherIcons from '../ui/icons-other-views'
import { useController, useConversation, useLocale, useWidget } from '../widget-context'
import { dayOf, timeOfDay } from '../wording/dates'
import { useWords } from '../wording/use-words'
import { SignInOffer } from './account-section'
import { HistorySearchBox } from './history-search'
import { ViewHeader } from './view-header'

/** The conversations this device can still read; of a patient who is signed in, those from all devices. */
export function HistoryView() {
  const words = useWords()
  const controller = useController()
  const { conversation, wording } = controller
  const patient = useWidget((state) => state.patient)
  const offered = useConversation(({ session }) => session?.features.signIn)
  const { list, before, failed, more } = useConversations()

  const startNew = () => {
    conversation.startNew()
    controller.go({ name: 'chat' })
  }
  return (
    <>
      <ViewHeader title={wording.history} />
      <div className="page">
        <button type="button" className="button button-primary" onClick={startNew}>
          <Icon path={otherIcons.compose} size={18} /> {wording.startNew}
        </button>
        {!list && !failed && <p className="muted">{wording.loading}</p>}
        {list?.length === 0 && (
          <div className="empty">
            <span className="emblem" aria-hidden="true">
              <Icon path={icons.history} size={28} />
            </span>
            <p className="muted">{patient ? words.noConversationsYet : words.noConversations}</p>
          </div>
        )}
        {list && list.length > 0 && (
          <HistorySearchBox conversations={list}>
            <ul className="rows">
              {list.map((item) => (
                <li key={item.kept.sessionId}>
                  <ConversationRow item={item} />
                </li>
              ))}
            </ul>
          </HistorySearchBox>
        )}
        {failed && (
          <div className="empty">
            <span className="emblem" aria-hidden="true">
              <Icon path={icons.warning} size={28} />
            </span>
            <p className="muted" role="alert">
              {wording.loadFailed}
            </p>
            <button type="button" className="button" onClick={more}>
              {wording.tryAgain}
            </button>
          </div>
        )}
        {before && !failed && (
          <button type="button" className="button" onClick={more}>
            {words.moreConversations}
          </button>
        )}
        {!patient && offered && <SignInOffer />}
      </div>
    </>
  )
}

interface Listed {
  list?: ArchivedConversation[]
  before?: string | undefined
  failed?: boolean
}

function useConversations() {
  const controller = useController()
  const { api, storage, conversation } = controller
  // Signing out elsewhere is found out by asking; then the list is the device's.
  const isPatient = useWidget((state) => Boolean(state.patient))
  const [listed, setListed] = useState<Listed>({})

  const load = useCallback(
    async (cursor?: string): Promise<Listed> => {
      const found = isPatient ? await listPatientsConversations(api, storage, cursor) : undefined
      if (found) return { list: found.conversations, before: found.before }
      controller.followPatient()
      return { list: await listConversations(api, storage, conversation.state.getState()) }
    },
    [api, storage, conversation, controller, isPatient],
  )
  const asked = useRef(0)
  const show = useCallback((coming: Promise<Listed>, known: Listed) => {
    asked.current += 1
    const number = asked.current
    coming
      .then(
        ({ list = [], before }) => ({ list: [...(known.list ?? []), ...list], before }),
        () => ({ ...known, failed: true }),
      )
      .then((now) => asked.current === number && setListed(now))
  }, [])
  useEffect(() => {
    show(load(), {})
    return () => {
      asked.current += 1
    }
  }, [load, show])
  return { ...listed, more: () => show(load(listed.before), { ...listed, failed: false }) }
}

function ConversationRow({
  item: { kept, isCurrent, summary, firstQuestion },
}: {
  item: ArchivedConversation
}) {
  const words = useWords()
  const controller = useController()
  const { wording } = controller
  const locale = useLocale()
  const time = summary?.lastActiveAt ?? kept.startedAt
  const open = () =>
    isCurrent ? controller.go({ name: 'chat' }) : controller.go({ name: 'conversation', kept })
  return (
    <button type="button" className="row" onClick={open}>
      <span className="grow min-w-0">
        <span className="row-title" dir="auto">
          {firstQuestion || words.untitled}
        </span>
        <span className="row-detail">
          {dayOf(time, locale, wording)}, {timeOfDay(time, locale)}
          {summary && ` · ${controller.count(words.messageCount, summary.messageCount)}`}
        </span>
      </span>
      {isCurrent && <span className="tag">{words.current}</span>}
      <Icon path={otherIcons.forward} size={18} />
    </button>
  )
}
