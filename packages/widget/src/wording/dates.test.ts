import { expect, test } from 'vitest'
import { dayOf, timeOfDay } from './dates'
import { en } from './en'

const NOW = new Date(2026, 5, 15, 9, 0)
const at = (...parts: [number, number, number, number]) => new Date(...parts).toISOString()

test.each([
  ['Today', at(2026, 5, 15, 0)],
  ['Yesterday', at(2026, 5, 14, 23)],
  ['June 13', at(2026, 5, 13, 12)],
  ['December 31, 2025', at(2025, 11, 31, 12)],
])('%s', (expected, time) => {
  expect(dayOf(time, 'en-US', en, NOW)).toBe(expected)
})

test('a locale that does not exist breaks no date', () => {
  expect(timeOfDay(at(2026, 5, 15, 14), 'not a locale')).toMatch(/2:00/)
})
