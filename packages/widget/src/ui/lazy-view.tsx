import { type ComponentType, useEffect, useState } from 'react'
import { useWording } from '../widget-context'

/** Where a view comes from, and the view once it has come. */
export interface ViewSource<Props> {
  load: () => Promise<ComponentType<Props>>
  loaded?: ComponentType<Props>
}

interface LazyViewProps<Props> {
  source: ViewSource<Props>
  props: Props
}

/** A view that is fetched when it is first opened. A fetch that fails can be tried again; React's own `lazy` remembers it. */
export function LazyView<Props extends object>({ source, props }: LazyViewProps<Props>) {
  const wording = useWording()
  const [, setArrived] = useState(0)
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    if (source.loaded || failed) return
    let gone = false
    source.load().then(
      (component) => {
        source.loaded = component
        if (!gone) setArrived((count) => count + 1)
      },
      () => !gone && setFailed(true),
    )
    return () => {
      gone = true
    }
  }, [source, failed])
  const View = source.loaded
  if (View) return <View {...props} />
  return (
    <div className="centered" role="status">
      <p className="muted">{failed ? wording.loadFailed : wording.loading}</p>
      {failed && (
        <button type="button" className="button" onClick={() => setFailed(false)}>
          {wording.tryAgain}
        </button>
      )}
    </div>
  )
}
