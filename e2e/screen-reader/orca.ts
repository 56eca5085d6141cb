import { readFile, stat } from 'node:fs/promises'
import { expect } from '@playwright/test'

const log = process.env.ORCA_LOG ?? ''
/** A line of Orca's log that says what it speaks; a text may have several lines. */
const SPOKEN = /^[\d:.]+ - SPEECH OUTPUT: '(.*?)' ?\[?(?:\{.*?\})?\]?$(?=\n(?:[\d:.]+ - |\n|$))/gms

/** What Orca says, in its order. */
export class Orca {
  #from = 0

  /** What was said since this was asked last. */
  async #said(): Promise<string[]> {
    const said = (await readFile(log)).subarray(this.#from).toString('utf8').replaceAll('\r', '')
    return [...said.matchAll(SPOKEN)].map(([, text]) => (text as string).trim())
  }

  /** Forgets what was said so far, does something, and waits until each of these is said, in this order. Returns all that was. */
  async hears(act: () => Promise<unknown>, ...expected: (string | RegExp)[]): Promise<string[]> {
    this.#from = (await stat(log)).size
    await act()
    const missing = async () => {
      const said = await this.#said()
      let at = 0
      return expected.filter((wanted) => {
        const found = said.findIndex(
          (text, index) =>
            index >= at && (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)),
        )
        if (found < 0) return true
        at = found
        return false
      })
    }
    await expect
      .poll(missing, { timeout: 20_000, message: 'what of it is not said' })
      .toEqual([])
      .catch(async (error: Error) => {
        throw new Error(`${error.message}\nOrca said: ${(await this.#said()).join(' | ')}`)
      })
    return this.#said()
  }
}
