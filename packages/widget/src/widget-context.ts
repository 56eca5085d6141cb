import { createContext, useContext, useSyncExternalStore } from 'react'
import type { StoreApi } from 'zustand/vanilla'
import type { ConversationState } from './client/conversation-state'
import type { Controller } from './controller'
import type { WidgetState } from './widget-state'

/** What zustand's own hook does. That one wants React's default export, which is all of React; the bundle has none. */
export function useStore<State, Part>(
  { subscribe, getState }: Pick<StoreApi<State>, 'subscribe' | 'getState'>,
  select: (state: State) => Part,
): Part {
  const snapshot = () => select(getState())
  return useSyncExternalStore(subscribe, snapshot, snapshot)
}

export const ControllerContext = createContext<Controller | undefined>(undefined)

/** Given anew when another language is spoken: whoever reads the controller, and with it the wording, is drawn again. */
export const LanguageContext = createContext('')

export function useController(): Controller {
  const controller = useContext(ControllerContext)
  useContext(LanguageContext)
  if (!controller) throw new Error('a view was drawn outside its widget')
  return controller
}

export const useWording = () => useController().wording

export function useWidget<Part>(select: (state: WidgetState) => Part): Part {
  return useStore(useController().store, select)
}

export function useConversation<Part>(select: (state: ConversationState) => Part): Part {
  return useStore(useController().conversation.state, select)
}

/** The tag by which dates and times are written. */
export const useLocale = () => useWidget(({ speech, locale }) => speech?.locale ?? locale)
