/** Longer than any message can be, so that one that has become too long is still there to be shortened. */
const LONGEST_KEPT = 20_000

/**
 * What is being written, in `sessionStorage`: each tab writes its own, a reload or the next page of the site finds it again, and
 * it goes with the tab.
 */
export class Draft {
  readonly #key: string

  constructor(key: string) {
    this.#key = `${key}#draft`
  }

  read(): string {
    try {
      return sessionStorage.getItem(this.#key) ?? ''
    } catch {
      return ''
    }
  }

  write(text: string): void {
    try {
      if (text) sessionStorage.setItem(this.#key, text.slice(0, LONGEST_KEPT))
      else sessionStorage.removeItem(this.#key)
    } catch {
      // Blocked or full: the draft lasts as long as the page.
    }
  }
}
