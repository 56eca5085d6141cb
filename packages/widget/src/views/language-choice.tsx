import { Icon } from '../ui/icon'
import * as icons from '../ui/icons'
import { useController, useStore, useWidget } from '../widget-context'
import { catalogues, languageFor } from '../wording/languages'
import { useWords } from '../wording/use-words'

/** Each by the name it has for itself. */
const NAMES = {
  en: 'English',
  es: 'Español',
  fr: 'Français',
  de: 'Deutsch',
  vi: 'Tiếng Việt',
  zh: '简体中文',
  ar: 'العربية',
}

const ENGLISH = { getState: () => ({ failed: false }), subscribe: () => () => {} }

export function LanguageChoice() {
  const controller = useController()
  const words = useWords()
  const { wording, speaking } = controller
  const language = useWidget(({ preferences, locale }) => languageFor(preferences.language ?? locale))
  const failed = useStore(language === 'en' ? ENGLISH : catalogues[language].state, (now) => now.failed)
  return (
    <div className="group">
      <label className="section-title" htmlFor="language">
        {words.language}
      </label>
      <div className="select-box">
        <select
          id="language"
          className="select"
          value={language}
          onInput={({ currentTarget }) => controller.prefer({ language: currentTarget.value })}
        >
          {Object.entries(NAMES).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
        <Icon path={icons.close} size={18} />
      </div>
      {controller.catalogue?.reviewed === false && <p className="muted">{words.notReviewed}</p>}
      <p role="status" className="problem">
        {failed && (
          <>
            {wording.loadFailed}{' '}
            <button type="button" className="link-button" onClick={() => speaking.follow()}>
              {wording.tryAgain}
            </button>
          </>
        )}
      </p>
    </div>
  )
}
