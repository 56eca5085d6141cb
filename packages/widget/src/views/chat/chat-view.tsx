import { useController, useConversation, useStore } from '../../widget-context'
import { otherViews } from '../other-views'
import { ChatHeader } from './chat-header'
import { Composer } from './composer'
import { ConnectionBanner, Note } from './connection-banner'
import { EmergencyLine } from './emergency-line'
import { LiveTranscript } from './live-transcript'
import { Ended, Unavailable } from './refusals'

export function ChatView() {
  const { conversation } = useController()
  const refusal = useConversation((state) => state.refusal)
  const { part } = useStore(otherViews.state, (now) => now)
  return (
    <>
      <ChatHeader />
      {refusal === 'unavailable' ? (
        <Unavailable />
      ) : refusal === 'ended' ? (
        <Ended />
      ) : (
        <>
          <ConnectionBanner />
          <Note />
          <LiveTranscript key={conversation.kept?.sessionId} />
          {part && <part.Notices />}
          {part && <part.InCall />}
          <Composer />
        </>
      )}
      <EmergencyLine />
    </>
  )
}
