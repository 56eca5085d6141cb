import { useConversation, useStore } from '../widget-context'
import { otherViews } from './other-views'

/** What sends and shows files, as soon as it is here and there is a conversation that takes files, or something to show. */
export function useFileViews(shown?: unknown) {
  const taken = useConversation(({ session }) => session?.features.fileUpload)
  const { part } = useStore(otherViews.state, (now) => now)
  return taken || shown ? part : undefined
}
