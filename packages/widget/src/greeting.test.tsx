import { act, waitFor } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { drawsTheWidget, find, KEY, panel, put, root, run } from './testing/drawn-widget'
import { installFakeServer } from './testing/fake-server'

drawsTheWidget()

beforeEach(() => void vi.useFakeTimers({ shouldAdvanceTime: true }))
afterEach(() => void vi.useRealTimers())

const text = () => find('.greeting-text')?.textContent
async function greeted() {
  const { requests } = installFakeServer()
  put({ greeting: 'Ask us anything.' })
  await act(() => vi.advanceTimersByTimeAsync(3_000))
  return { requests }
}

test('is said beside the launcher after a while, and the server hears nothing of it', async () => {
  installFakeServer()
  put({ greeting: 'Ask us anything.' })
  expect(text()).toBeUndefined()
  const { requests } = await greeted()
  await waitFor(() => expect(text()).toBe('Ask us anything.'))
  expect(requests).toEqual([])
})

test('whoever answers it opens the chat, and is not greeted again', async () => {
  await greeted()
  await act(async () => find<HTMLButtonElement>('.greeting-text')?.click())
  expect(panel().open).toBe(true)
  expect(text()).toBeUndefined()
  await run('hide')
  expect(text()).toBeUndefined()
  expect(JSON.parse(localStorage.getItem(KEY) ?? '').greeted).toBe(true)
})

test('can be put away for good', async () => {
  await greeted()
  await act(async () => find<HTMLButtonElement>('.greeting-close')?.click())
  expect(text()).toBeUndefined()
  expect(panel().open).toBe(false)
  root.host.remove()
  await greeted()
  expect(text()).toBeUndefined()
})
