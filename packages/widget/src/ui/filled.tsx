import type { ReactNode } from 'react'

/** A text of a catalogue with something in the place of its placeholder, which is elsewhere in every language. */
export function Filled({ text, children }: { text: string; children: ReactNode }) {
  const [before, after] = text.split(/\{\w+\}/)
  return (
    <>
      {before}
      {children}
      {after}
    </>
  )
}
