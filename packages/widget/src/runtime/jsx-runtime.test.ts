import { expect, test } from 'vitest'
import { Fragment, jsx, jsxs } from './jsx-runtime'
import { createRoot } from './react'

test('makes elements with their children, and moves those with a key instead of drawing them anew', () => {
  const container = document.createElement('div')
  const root = createRoot(container)
  const show = (...names: string[]) =>
    root.render(
      jsxs(Fragment, {
        children: [
          jsx('hr', {}),
          names.map((name) => jsx('p', { id: name, className: 'item', children: name }, name)),
        ],
      }),
    )
  show('a', 'b')
  expect(container.innerHTML).toBe('<hr><p id="a" class="item">a</p><p id="b" class="item">b</p>')
  const [a, b] = container.querySelectorAll('p')
  show('b', 'a')
  const moved = container.querySelectorAll('p')
  expect(moved[0]).toBe(b)
  expect(moved[1]).toBe(a)
})

test('fills a ref', () => {
  const ref = { current: null as Element | null }
  const container = document.createElement('div')
  createRoot(container).render(jsx('p', { ref }))
  expect(ref.current).toBe(container.firstChild)
})
