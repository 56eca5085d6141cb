import { createStore, type StoreApi } from 'zustand/vanilla'
import type { CallState } from './call/call-state'
import type { Appearance, KeptConversation, KeptPatient, Preferences } from './client/device-record'
import type { AttachedFile } from './client/uploading'
import type { Speech } from './wording/speech'

/** Where the visitor is in the panel. A stack of our own: the page's address and back button are never touched. */
export type Place =
  | { name: 'chat' }
  | { name: 'history' }
  | { name: 'settings' }
  | { name: 'sign-in' }
  | {
      name: 'conversation'
      kept: KeptConversation
      /** What it is opened for. */
      messageId?: string
    }

export interface WidgetState {
  open: boolean
  places: readonly [Place, ...Place[]]
  /** Files that go with the next message, in their order. They last as long as the page. */
  attached: readonly AttachedFile[]
  /** What is being written; kept while the panel is closed, and through a reload. */
  draft: string
  unread: number
  /** The language tag of the page, or of the browser. */
  locale: string
  /** Undefined only until the words of the first language are here. */
  speech?: Speech | undefined
  preferences: Preferences
  appearance?: Appearance | undefined
  patient?: KeptPatient | undefined
  /** Something to know once, until it is put away. */
  note?: 'conversationNotKept' | 'waitingNotKept' | 'returned' | 'signedOut' | undefined
  /** The call that goes on, or is just over for a reason. */
  call?: CallState | undefined
  /** The page wants a call to begin, or to end. */
  callAsked?: boolean | undefined
  /** What a screen reader is told next. */
  announcement: string
  /** Rises each time the keyboard should go to the view on screen. */
  focusAsked: number
}

export type WidgetStore = StoreApi<WidgetState>

export function createWidgetStore(
  initial: Pick<
    WidgetState,
    'open' | 'draft' | 'locale' | 'preferences' | 'unread' | 'appearance' | 'patient'
  >,
): WidgetStore {
  return createStore<WidgetState>(() => ({
    places: [{ name: 'chat' }],
    attached: [],
    announcement: '',
    focusAsked: 0,
    ...initial,
  }))
}

export const currentPlace = ({ places }: WidgetState): Place => places[places.length - 1] as Place
