import type { Controller } from '../../controller'
import { useController, useStore } from '../../widget-context'
import type { FilesWording } from '../../wording/beside-the-chat'
import { otherViews } from '../other-views'

/** What is said of files, in the language that is spoken; undefined until it is here. */
export function useFileWords(): FilesWording | undefined {
  useStore(otherViews.state, (now) => now)
  return fileWords(useController())
}

/** The same, outside of a view. */
export const fileWords = ({ catalogue }: Controller) =>
  (catalogue ?? otherViews.state.getState().part?.english)?.files as FilesWording

/** A text with a name in its place. */
export const named = (text: string, name: string) => text.replace(/\{\w+\}/, () => name)

/** Bytes as people write them. */
export function sizeInWords(bytes: number, locale: string): string {
  const [unit, value] =
    bytes < 1_000_000 ? ['kilobyte', Math.max(1, bytes / 1_000)] : ['megabyte', bytes / 1_048_576]
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: unit as string,
    unitDisplay: 'short',
    maximumFractionDigits: value < 10 && unit === 'megabyte' ? 1 : 0,
  }).format(value as number)
}
