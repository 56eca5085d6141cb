/**
 * What the shipped widget imports as `react` and `react-dom/client`: Preact, and the few parts of React's that the views use
 * beyond it. Preact's own imitation is a whole one and 1.3 KB larger. A part that is missing here stops the build.
 *
 * It renames no properties either: what React calls otherwise than the DOM (`onChange` of a text field, `strokeWidth`) has to
 * be said in a way that both know (`onInput`, a style).
 */

import {
  type Component,
  type ComponentChild,
  type ContainerNode,
  createElement,
  type FunctionComponent,
  options,
  render,
} from 'preact'
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks'

export { createContext, createElement, Fragment } from 'preact'
export {
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'preact/hooks'

// Handlers look for what React does not pass on, such as `isComposing`, in the browser's own event. Here it is that one.
options.event = (event) => Object.assign(event, { nativeEvent: event })

export function createRoot(container: ContainerNode) {
  return {
    render: (node: ComponentChild) => render(node, container),
    unmount: () => render(null, container),
  }
}

/** Draws a component again only when one of its props is another one. */
export function memo<Props extends object>(component: FunctionComponent<Props>): FunctionComponent<Props> {
  function Memo(this: Component<Props>, props: Props) {
    this.shouldComponentUpdate = (next) => differ(props, next)
    return createElement(component, props)
  }
  return Memo as FunctionComponent<Props>
}

function differ(one: object, other: object): boolean {
  const names = Object.keys({ ...one, ...other }) as never[]
  return names.some((name) => !Object.is(one[name], other[name]))
}

/** Preact draws in one go, so what is on screen is always what was read last. */
export function useSyncExternalStore<Value>(
  subscribe: (changed: () => void) => () => void,
  read: () => Value,
): Value {
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  const value = read()
  const drawn = useRef({ value, read })
  drawn.current = { value, read }
  useLayoutEffect(() => {
    const follow = () => {
      if (!Object.is(drawn.current.value, drawn.current.read())) redraw(undefined)
    }
    // What changed between drawing and now was told to nobody.
    follow()
    return subscribe(follow)
  }, [subscribe])
  return value
}
