import { lazy } from '../ui/lazy'
import type { Catalogue } from '../wording/languages'

/**
 * Everything that is not on screen before there is a connection, in one file; and beside it what it says in English, which stands in for
 * every other language.
 */
export const otherViews = lazy(async () => {
  const [part, words] = await Promise.all([import('./other-view'), import('../wording/catalogues/en.json')])
  return { ...part, english: words.default as Pick<Catalogue, 'otherViews' | 'files'> }
})

/** What a call needs, fetched when somebody begins one. */
export const callView = lazy(() => import('../call/call-view'))
