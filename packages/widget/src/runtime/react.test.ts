import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createElement, createRoot, memo, useLayoutEffect, useState, useSyncExternalStore } from './react'

let container: HTMLElement
let root: ReturnType<typeof createRoot>

beforeEach(() => {
  container = document.body.appendChild(document.createElement('div'))
  root = createRoot(container)
})
afterEach(() => {
  root.unmount()
  container.remove()
})

/** Preact draws changes in a microtask. */
const settled = () => Promise.resolve()

/** A value that can be watched, like the widget's state. */
function storeOf<Value>(value: Value) {
  const watchers = new Set<() => void>()
  return {
    watchers,
    read: () => value,
    set(next: Value) {
      value = next
      for (const watcher of watchers) watcher()
    },
    subscribe(watcher: () => void) {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
  }
}

test('a root draws, draws again, and leaves nothing', () => {
  root.render(createElement('p', null, 'one'))
  const drawn = container.firstChild
  root.render(createElement('p', null, 'two'))
  expect(container.innerHTML).toBe('<p>two</p>')
  expect(container.firstChild).toBe(drawn)
  root.unmount()
  expect(container.innerHTML).toBe('')
})

test('a handler finds the browser’s event where React puts it', () => {
  const seen = vi.fn()
  root.render(createElement('button', { onClick: (event: Event) => seen(event) }))
  const event = new MouseEvent('click')
  container.querySelector('button')?.dispatchEvent(event)
  expect(seen.mock.calls[0]?.[0].nativeEvent).toBe(event)
})

test('a memorized component is drawn again when a prop changes, comes or goes, and only then', () => {
  const draw = vi.fn(({ text }: { text: string; more?: number }) => text)
  const memorized = memo(draw)
  const show = (props: Parameters<typeof draw>[0]) => {
    root.render(createElement(memorized, props))
    return draw.mock.calls.length
  }
  expect(show({ text: 'one' })).toBe(1)
  expect(show({ text: 'one' })).toBe(1)
  expect(show({ text: 'two' })).toBe(2)
  expect(show({ text: 'two', more: Number.NaN })).toBe(3)
  expect(show({ text: 'two', more: Number.NaN })).toBe(3)
  expect(show({ text: 'two' })).toBe(4)
  expect(container.textContent).toBe('two')
})

test('what reads a store follows it, is not drawn for what it does not read, and stops when it goes', async () => {
  const store = storeOf({ read: 1, other: 1 })
  const draw = vi.fn()
  const reader = () => {
    draw()
    return String(useSyncExternalStore(store.subscribe, () => store.read().read))
  }
  root.render(createElement(reader, null))
  expect(container.textContent).toBe('1')

  store.set({ read: 2, other: 1 })
  await settled()
  expect(container.textContent).toBe('2')
  store.set({ read: 2, other: 2 })
  await settled()
  expect(draw).toHaveBeenCalledTimes(2)

  root.unmount()
  expect(store.watchers.size).toBe(0)
})

test('a change between the first drawing and the subscription is not missed', async () => {
  const store = storeOf('early')
  const reader = () => useSyncExternalStore(store.subscribe, store.read)
  const changer = () => {
    useLayoutEffect(() => store.set('late'), [])
    return null
  }
  // Effects run in the order of the tree: this one changes the store before its neighbour watches it.
  root.render(createElement('p', null, createElement(changer, null), createElement(reader, null)))
  await settled()
  expect(container.textContent).toBe('late')
})

test('a reader that is given another store reads that one, and watches the first no longer', async () => {
  const [first, second] = [storeOf('first'), storeOf('second')]
  let change: (store: typeof first) => void = () => {}
  const reader = () => {
    const [store, setStore] = useState(first)
    change = setStore
    return useSyncExternalStore(store.subscribe, store.read)
  }
  root.render(createElement(reader, null))
  change(second)
  await settled()
  expect(container.textContent).toBe('second')
  expect(first.watchers.size).toBe(0)
  second.set('changed')
  await settled()
  expect(container.textContent).toBe('changed')
})
