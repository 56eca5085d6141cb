import { useController } from '../widget-context'
import type { Place } from '../widget-state'
import { ConversationView } from './conversation-view'
import { HistoryView } from './history-view'
import { Kiosk } from './kiosk'
import { LoginNotice } from './login-notice'
import { SettingsView } from './settings-view'
import { SignInView } from './sign-in-view'

export { download } from '../ui/download'
export { AnswerActions } from './answer-actions'
export { CallButton, CallKeeper, InCall, SpokenMark } from './calls'
export { Received } from './files/received'
export { Buttons, Tray } from './files/tray'
export { Greeting } from './greeting'
export { Notices, ToAPerson } from './notices'
export { Passage } from './passage'

/** What stands above whatever is on screen. */
export function AboveAll() {
  const { kiosk } = useController().settings
  return (
    <>
      {kiosk && <Kiosk seconds={kiosk} />}
      <LoginNotice />
    </>
  )
}

/** Everything beside the chat. One file for all of it: each is too small for one of its own. */
export function OtherView({ place }: { place: Place }) {
  switch (place.name) {
    case 'chat':
      return null
    case 'history':
      return <HistoryView />
    case 'settings':
      return <SettingsView />
    case 'sign-in':
      return <SignInView />
    case 'conversation':
      return <ConversationView key={place.kept.sessionId} kept={place.kept} messageId={place.messageId} />
  }
}
