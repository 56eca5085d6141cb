/** How often a lost connection is tried again before the widget says so and waits to be asked. */
export const TRIES_BEFORE_GIVING_UP = 5

const LONGEST_DELAY_MS = 30_000

/**
 * Pause before the given try (the first is 1): 1, 2, 4, 8, 16 s on average, and no more than 30 s. Spread evenly from half to
 * one and a half of that: as wide as the delay itself, so that the thousands who lost a server together come back apart.
 */
export function delayBeforeTry(attempt: number, random: () => number = Math.random): number {
  return Math.min(1000 * 2 ** (attempt - 1), LONGEST_DELAY_MS / 1.5) * (0.5 + random())
}

/** At least the pause asked for, and up to half as much again: those who were asked together must not return together. */
export function spreadPause(pauseMs: number, random: () => number = Math.random): number {
  return pauseMs * (1 + random() / 2)
}

/** The pause a server names when it closes a connection, `{"retryAfterMs": 1200}`. It spreads its clients itself. */
export function pauseIn(closeReason: string): number | undefined {
  try {
    const { retryAfterMs } = JSON.parse(closeReason)
    return Number.isFinite(retryAfterMs) ? Math.min(Math.max(retryAfterMs, 0), LONGEST_DELAY_MS) : undefined
  } catch {
    return undefined
  }
}
