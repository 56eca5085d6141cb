import { expect, test } from 'vitest'
import { delayBeforeTry, TRIES_BEFORE_GIVING_UP } from './backoff'

test('waits 1, 2, 4, 8 and 16 seconds in the middle of the spread', () => {
  const delays = Array.from({ length: TRIES_BEFORE_GIVING_UP }, (_, index) =>
    delayBeforeTry(index + 1, () => 0.5),
  )
  expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000])
})

test('spreads by a fifth either way, and never beyond 30 seconds', () => {
  expect(delayBeforeTry(1, () => 0)).toBe(800)
  expect(delayBeforeTry(1, () => 1)).toBeCloseTo(1200)
  expect(delayBeforeTry(9, () => 1)).toBe(30_000)
})
