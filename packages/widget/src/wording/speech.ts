import type { WidgetStore } from '../widget-state'
import { type Catalogue, catalogues, type Language, languageFor, localeFor } from './languages'

/** How the widget speaks. */
export interface Speech {
  language: Language
  /** The tag that dates are written by: the language as it is written where the visitor lives, as far as the browser says. */
  locale: string
  /** Missing of English, which is in the views themselves. */
  catalogue?: Catalogue | undefined
}

/** Longer than this nobody waits to see the widget: it then begins in English and changes over when the words are here. */
const LONGEST_WAIT_MS = 1_500

/** Keeps the widget speaking the language that the visitor chose, or else that the page or the browser is in. */
export class Speaking {
  readonly #store: WidgetStore
  #following: (() => void) | undefined
  readonly #stopListening: () => void
  readonly #timer: ReturnType<typeof setTimeout>

  constructor(store: WidgetStore) {
    this.#store = store
    this.#stopListening = store.subscribe((now, before) => {
      if (now.locale !== before.locale || now.preferences.language !== before.preferences.language)
        this.follow()
    })
    this.#timer = setTimeout(() => store.getState().speech || this.#speak('en'), LONGEST_WAIT_MS)
    this.follow()
  }

  /** Asks for the words of the language that is wanted, also when they could not be fetched before. */
  follow(): void {
    this.#following?.()
    const { locale, preferences, speech } = this.#store.getState()
    const language = languageFor(preferences.language ?? locale)
    if (language === 'en') return this.#speak('en')
    const { state, load } = catalogues[language]
    const take = () => {
      const { part, failed } = state.getState()
      if (part) this.#speak(language, part)
      else if (failed && !speech) this.#speak('en')
    }
    this.#following = state.subscribe(take)
    load()
    take()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#following?.()
    this.#stopListening()
  }

  #speak(language: Language, catalogue?: Catalogue): void {
    const { locale: asked, speech } = this.#store.getState()
    const locale = localeFor(language, [asked, ...navigator.languages])
    if (speech?.catalogue === catalogue && speech?.locale === locale) return
    this.#store.setState({ speech: { language, locale, catalogue } })
  }
}
