/** How often a lost connection is tried again before the widget says so and waits to be asked. */
export const TRIES_BEFORE_GIVING_UP = 5

const LONGEST_DELAY_MS = 30_000

/** Pause before the given try (the first is 1): 1, 2, 4, 8, 16 s, spread by a fifth so that clients don't return as one. */
export function delayBeforeTry(attempt: number, random: () => number = Math.random): number {
  const spread = 0.8 + random() * 0.4
  return Math.min(1000 * 2 ** (attempt - 1) * spread, LONGEST_DELAY_MS)
}
