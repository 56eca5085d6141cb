import { type ComponentType, createElement, type Key } from 'preact'

export { Fragment } from 'preact'

/** What `<a>…</a>` in a source file calls. Preact's own knows more ways of calling it. */
export function jsx(type: ComponentType | string, props: object, key?: Key) {
  return createElement(type as string, key === undefined ? props : { ...props, key })
}

export { jsx as jsxs }
