import type { ServerFrame, SessionStarted } from '../generated/wire'
import type { ConnectionState, Refusal } from './connection'
import type { Transcript, TranscriptEntry } from './transcript'

export interface ConversationState {
  connection: ConnectionState
  /** The browser itself says that it has no network. */
  networkDown: boolean
  refusal?: Refusal | undefined
  session?: SessionStarted | undefined
  transcript: Transcript
  /** True once the stored messages of a resumed conversation are here. */
  loaded: boolean
  answering: boolean
  /** Cursor to messages before the first of the transcript; undefined when there are none. */
  olderCursor?: string | undefined
  /** The latest notice, as long as it is no stored message. */
  unstoredNotice?: NoticeFrame | undefined
}

export type NoticeFrame = Extract<ServerFrame, { type: 'notice' }>

/** What happens in a conversation that others may want to know, and nothing of what is said. */
export interface ConversationListener {
  onSession(sessionId: string | null, resumed: boolean): void
  /** A message was stored, here or in another tab. Not called for those that were stored before this page came. */
  onMessage(entry: TranscriptEntry): void
  /** The visitor has seen what came, here or elsewhere. */
  onSeen(): void
  /** How the visitor's message fares, where that is not what one expects: it waits, failed, or arrived late. */
  onDelivery(entry: TranscriptEntry): void
  /** Messages that can no longer be sent in the conversation they were written for, in the order written. */
  onReturned(texts: string[]): void
  /** Nothing is kept on this device any more. */
  onForgotten(): void
  /** The browser does not keep what was not sent yet. */
  onNotKept(): void
  onProblem(code: string): void
}
