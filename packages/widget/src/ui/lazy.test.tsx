import { act, cleanup, render } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { type Lazy, lazy, useLazy } from './lazy'

afterEach(cleanup)

/** A file of the server's, and what becomes of the last fetch of it. */
function file() {
  let arrive: (part: string) => void = () => {}
  let fail: (error: Error) => void = () => {}
  const fetchPart = vi.fn(
    () =>
      new Promise<string>((resolve, reject) => {
        arrive = resolve
        fail = reject
      }),
  )
  return {
    fetchPart,
    arrives: (part: string) => act(async () => arrive(part)),
    fails: () => act(async () => fail(new TypeError('Failed to fetch'))),
  }
}

function Asker({ source }: { source: Lazy<string> }) {
  const { part, failed } = useLazy(source)
  return <p>{part ?? (failed ? 'failed' : 'waiting')}</p>
}

test('is fetched once however many ask, and drawn by all of them when it comes', async () => {
  const { fetchPart, arrives } = file()
  const source = lazy(fetchPart)
  const { container } = render([<Asker key="1" source={source} />, <Asker key="2" source={source} />])
  expect(container.textContent).toBe('waitingwaiting')
  await arrives('here')
  expect(container.textContent).toBe('herehere')
  source.load()
  render(<Asker source={source} />)
  expect(fetchPart).toHaveBeenCalledTimes(1)
})

test('a fetch that fails is known to all who wait, and may be tried again', async () => {
  const { fetchPart, arrives, fails } = file()
  const source = lazy(fetchPart)
  const { container } = render(<Asker source={source} />)
  await fails()
  expect(container.textContent).toBe('failed')
  act(() => source.load())
  expect(container.textContent).toBe('waiting')
  expect(fetchPart).toHaveBeenCalledTimes(2)
  await arrives('here')
  expect(container.textContent).toBe('here')
})

test('whoever comes after a failure asks anew', async () => {
  const { fetchPart, arrives, fails } = file()
  const source = lazy(fetchPart)
  source.load()
  await fails()
  const { container } = render(<Asker source={source} />)
  expect(fetchPart).toHaveBeenCalledTimes(2)
  await arrives('here')
  expect(container.textContent).toBe('here')
})
