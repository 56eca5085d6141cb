import type english from './catalogues/en.json'
import type { Plural } from './plural'

/** The shape of a catalogue's part: what English says once, other languages say in as many forms as their numbers have. */
type Said<Part> = {
  [Key in keyof Part]: Part[Key] extends string
    ? string
    : Part[Key] extends { other: string }
      ? Plural
      : Said<Part[Key]>
}

/** What the views beside the chat say. */
export type OtherWording = Said<(typeof english)['otherViews']>
/** What is said of files. */
export type FilesWording = Said<(typeof english)['files']>
