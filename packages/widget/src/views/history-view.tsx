import { useEffect, useState } from 'react'
import { type ArchivedConversation, listConversations } from '../client/archive'
import { Icon } from '../ui/icon'
import * as otherIcons from '../ui/icons-other-views'
import { useController, useWidget } from '../widget-context'
import { dayOf, timeOfDay } from '../wording/dates'
import { enOtherViews as words } from '../wording/en-other-views'
import { ViewHeader } from './view-header'

/** The conversations this device can still read. */
export function HistoryView() {
  const controller = useController()
  const { api, storage, conversation, wording } = controller
  const [list, setList] = useState<ArchivedConversation[]>()

  useEffect(() => {
    let gone = false
    void listConversations(api, storage, conversation.state.getState()).then(
      (found) => !gone && setList(found),
    )
    return () => {
      gone = true
    }
  }, [api, storage, conversation])

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
        {!list && <p className="muted">{wording.loading}</p>}
        {list?.length === 0 && <p className="muted">{words.noConversations}</p>}
        {list && list.length > 0 && (
          <ul className="rows">
            {list.map((item) => (
              <li key={item.kept.sessionId}>
                <ConversationRow item={item} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </>
  )
}

function ConversationRow({
  item: { kept, isCurrent, summary, firstQuestion },
}: {
  item: ArchivedConversation
}) {
  const controller = useController()
  const { wording } = controller
  const locale = useWidget((state) => state.locale)
  const time = summary?.lastActiveAt ?? kept.startedAt
  const open = () =>
    isCurrent ? controller.go({ name: 'chat' }) : controller.go({ name: 'conversation', kept })
  return (
    <button type="button" className="row" onClick={open}>
      <span className="grow min-w-0">
        <span className="row-title">{firstQuestion || words.untitled}</span>
        <span className="row-detail">
          {dayOf(time, locale, wording)}, {timeOfDay(time, locale)}
          {summary && ` · ${words.messageCount(summary.messageCount)}`}
        </span>
      </span>
      {isCurrent && <span className="tag">{words.current}</span>}
      <Icon path={otherIcons.forward} size={18} />
    </button>
  )
}
