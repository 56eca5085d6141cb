import { afterEach, expect, test, vi } from 'vitest'
import { Draft } from './draft'

afterEach(() => {
  vi.unstubAllGlobals()
  sessionStorage.clear()
})

test('comes back after a reload, and leaves nothing once it is empty', () => {
  new Draft('key').write('My knee')
  expect(new Draft('key').read()).toBe('My knee')
  expect(new Draft('other').read()).toBe('')
  new Draft('key').write('')
  expect(sessionStorage.length).toBe(0)
})

test('is bounded', () => {
  const draft = new Draft('key')
  draft.write('x'.repeat(100_000))
  expect(draft.read()).toHaveLength(20_000)
})

test('is empty, and no error, where storage is blocked', () => {
  const blocked = () => {
    throw new DOMException('blocked', 'SecurityError')
  }
  vi.stubGlobal('sessionStorage', { getItem: blocked, setItem: blocked, removeItem: blocked })
  const draft = new Draft('key')
  draft.write('text')
  expect(draft.read()).toBe('')
})
