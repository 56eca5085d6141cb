import { useEffect } from 'react'
import { formatting } from '../markdown/formatted'
import { useLazy } from '../ui/lazy'
import { useConversation, useStore, useWidget, useWording } from '../widget-context'
import { currentPlace, type Place } from '../widget-state'
import { ChatView } from './chat/chat-view'
import { otherViews } from './other-views'

/** The view that is on screen. */
export function CurrentView() {
  const place = useWidget(currentPlace)
  const online = useConversation(({ connection }) => connection === 'online')
  // Before anybody asks: a network that is lost later, or a server that is updated, must keep no view from its visitor.
  useEffect(() => {
    if (!online) return
    formatting.load()
    otherViews.load()
  }, [online])
  const { part } = useStore(otherViews.state, (now) => now)
  return (
    <>
      {part && <part.AboveAll />}
      {part && <part.CallKeeper />}
      {place.name === 'chat' ? <ChatView /> : <ViewBeside place={place} />}
    </>
  )
}

function ViewBeside({ place }: { place: Place }) {
  const wording = useWording()
  const { part, failed } = useLazy(otherViews)
  if (part)
    return (
      <>
        <part.OtherView place={place} />
        <part.InCall />
      </>
    )
  return (
    <div className="centered" role="status">
      <p className="muted">{failed ? wording.loadFailed : wording.loading}</p>
      {failed && (
        <button type="button" className="button" onClick={otherViews.load}>
          {wording.tryAgain}
        </button>
      )}
    </div>
  )
}
