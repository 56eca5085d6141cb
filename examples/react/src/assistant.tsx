import { type KuzushiApi, loadKuzushi } from '@kuzushi/widget-loader'
import { useEffect, useRef, useState } from 'react'

interface AssistantProps {
  projectId: string
  apiBaseUrl: string
}

/** The assistant as a button of the page's own, which tells how many answers were not read yet. */
export function Assistant({ projectId, apiBaseUrl }: AssistantProps) {
  const kuzushi = useRef<KuzushiApi>(undefined)
  const [ready, setReady] = useState(false)
  const [failed, setFailed] = useState(false)
  const [unread, setUnread] = useState(0)
  useEffect(() => {
    let gone = false
    const count = ({ count }: { count: number }) => setUnread(count)
    loadKuzushi({ projectId, apiBaseUrl }).then(
      (api) => {
        if (gone) return api.shutdown()
        kuzushi.current = api
        api.on('unread', count)
        setReady(true)
      },
      // The page works without it: there is a number to call.
      () => setFailed(true),
    )
    return () => {
      gone = true
      kuzushi.current?.off('unread', count)
      kuzushi.current?.shutdown()
      kuzushi.current = undefined
    }
  }, [projectId, apiBaseUrl])
  if (failed) return <a href="tel:+14195550100">Call us: (419) 555-0100</a>
  return (
    <button type="button" disabled={!ready} onClick={() => kuzushi.current?.show()}>
      Ask us{unread > 0 && ` (${unread})`}
    </button>
  )
}
