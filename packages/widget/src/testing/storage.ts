import { vi } from 'vitest'

/** A browser whose storage can be read and takes nothing more: full, or blocked for writing. */
export function refuseToStore(name: string): void {
  const real = localStorage
  vi.stubGlobal('localStorage', {
    get length() {
      return real.length
    },
    key: (index: number) => real.key(index),
    getItem: (key: string) => real.getItem(key),
    removeItem: (key: string) => real.removeItem(key),
    setItem: () => {
      throw new DOMException('not stored', name)
    },
  })
}
