import { useEffect } from 'react'
import { lazy } from '../ui/lazy'
import { useConversation, useStore } from '../widget-context'

/** What sends and shows files, in a file of its own: most hospitals take none. */
const fileViews = lazy(() => import('./files/file-view'))

/** Here as soon as there is a conversation that takes files, or something to show. */
export function useFileViews(shown?: unknown) {
  const taken = useConversation(({ session }) => session?.features.fileUpload)
  const wanted = taken || shown
  const { part } = useStore(fileViews.state, (now) => now)
  useEffect(() => {
    if (wanted) fileViews.load()
  }, [wanted])
  return wanted ? part : undefined
}
