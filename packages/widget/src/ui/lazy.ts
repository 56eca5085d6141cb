import { useEffect } from 'react'
import { createStore, type StoreApi } from 'zustand/vanilla'
import { useStore } from '../widget-context'

/** A part of the widget in a file of its own. */
export interface Lazy<Part> {
  state: StoreApi<{ part?: Part; failed: boolean }>
  /** Fetches it, unless it is here or on its way. What becomes of that is in `state`. */
  load(): void
}

/** A fetch that fails can be tried again; React's own `lazy` remembers it. */
export function lazy<Part>(fetchPart: () => Promise<Part>): Lazy<Part> {
  const state: Lazy<Part>['state'] = createStore(() => ({ failed: false }))
  let fetching = false
  return {
    state,
    load() {
      if (fetching || state.getState().part) return
      fetching = true
      state.setState({ failed: false })
      fetchPart()
        .then(
          (part) => state.setState({ part }),
          () => state.setState({ failed: true }),
        )
        .finally(() => {
          fetching = false
        })
    },
  }
}

/** The part once it is here, and whether that failed. Asks for it, if nobody has. */
export function useLazy<Part>({ state, load }: Lazy<Part>) {
  useEffect(load, [load])
  return useStore(state, (now) => now)
}
