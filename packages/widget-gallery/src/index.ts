import { STATES } from './states'

/** All states beside each other, each in a frame of the chosen width. */
const form = document.querySelector('form') as HTMLFormElement
const list = document.querySelector('ul') as HTMLUListElement

function draw(): void {
  const { width, ...chosen } = Object.fromEntries(new FormData(form)) as Record<string, string>
  const frames = Object.entries(STATES).map(([state, { title }]) => {
    const query = new URLSearchParams({ state, ...chosen })
    // An empty choice is none.
    for (const [key, value] of [...query]) if (!value) query.delete(key)
    const item = document.createElement('li')
    const heading = item.appendChild(document.createElement('h2'))
    const link = heading.appendChild(document.createElement('a'))
    link.href = `/state.html?${query}`
    link.textContent = `${title} (${state})`
    const frame = item.appendChild(document.createElement('iframe'))
    frame.title = title
    frame.loading = 'lazy'
    frame.width = width ?? '360'
    frame.height = '740'
    frame.src = link.href
    return item
  })
  list.replaceChildren(...frames)
}

form.addEventListener('change', draw)
draw()
