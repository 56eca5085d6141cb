import { lazy } from '../ui/lazy'
import type { FilesWording, OtherWording } from './beside-the-chat'
import type { Wording } from './en'
import type { CallWording } from './en-call'

/** All that the widget says in one language. Of English the chat's words come with the chat, and the rest is `catalogues/en.json`. */
export interface Catalogue {
  /** Whether somebody who speaks the language has read it. */
  reviewed: boolean
  chat: Wording
  otherViews: OtherWording
  files: FilesWording
  call: CallWording
  /** Of what a hospital may word itself, the words that stand there as long as it has not, by their English. */
  hospitalDefaults: Partial<Record<string, string>>
}

const catalogue = (fetchPart: () => Promise<{ default: Catalogue }>) =>
  lazy(() => fetchPart().then((part) => part.default))

/** Each in a file of its own, fetched when it is wanted. */
export const catalogues = {
  es: catalogue(() => import('./catalogues/es.json')),
  fr: catalogue(() => import('./catalogues/fr.json')),
  de: catalogue(() => import('./catalogues/de.json')),
  ar: catalogue(() => import('./catalogues/ar.json')),
  zh: catalogue(() => import('./catalogues/zh.json')),
  vi: catalogue(() => import('./catalogues/vi.json')),
}

export type Language = 'en' | keyof typeof catalogues

/** What of a tag says the language: `de` of `de-AT`. */
const primary = (tag: string) => tag.toLowerCase().split(/[-_]/)[0] as string

/** The language to speak with whoever asks for this one. */
export function languageFor(tag: string): Language {
  const language = primary(tag)
  return Object.hasOwn(catalogues, language) ? (language as Language) : 'en'
}

/** The first of a visitor's tags in this language: it may know the region, and so how dates are written there. */
export function localeFor(language: Language, tags: readonly string[]): string {
  return tags.find((tag) => primary(tag) === language) ?? language
}

export const directionOf = (language: Language) => (language === 'ar' ? 'rtl' : 'ltr')
