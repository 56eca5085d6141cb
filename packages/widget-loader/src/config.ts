/** What a page's developers read when something is wrong. Nothing of ours throws into their page. */
export function complain(problem: unknown): void {
  // biome-ignore lint/suspicious/noConsole: this is how a page's developers learn what is wrong
  console.error(`Kuzushi: ${problem}`)
}

/**
 * A table instead of sentences, because every page view pays for it, and a list, because pages add to what every object has. A
 * field left out reads as `undefined`.
 */
const VALID: [field: string, pattern: RegExp][] = [
  ['projectId', /^(?!undefined$|null$)[^\s[]+$/],
  ['apiBaseUrl', /^(undefined$|https?:\/\/.)/],
  ['primaryColor', /^(undefined|#[\da-f]{6})$/i],
]

/** Says what is wrong with a page's configuration, naming the field; nothing when it is right. */
export function problemWith(config: unknown): string | undefined {
  for (const [field, pattern] of VALID)
    if (!pattern.test((config as never)?.[field])) return `${field} is missing or invalid`
}
