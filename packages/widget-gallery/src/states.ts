import { CALL_STATES } from './states/calls'
import { CHAT_STATES } from './states/chat'
import { CONNECTION_STATES } from './states/connection'
import { FILE_STATES } from './states/files'
import { HISTORY_STATES } from './states/history'
import { LOOK_STATES } from './states/looks'
import { SETTINGS_STATES } from './states/settings'
import type { State } from './states/state'

/** Every view in every state, by the name that its pictures have. */
export const STATES: Record<string, State> = {
  ...CHAT_STATES,
  ...CONNECTION_STATES,
  ...FILE_STATES,
  ...HISTORY_STATES,
  ...SETTINGS_STATES,
  ...LOOK_STATES,
  ...CALL_STATES,
}
