import { useState } from 'react'
import { Choice } from '../ui/choice'
import { SaveCopy } from '../ui/save-copy'
import { useController, useConversation, useWidget } from '../widget-context'
import { useWords } from '../wording/use-words'
import { AccountSection } from './account-section'
import { EraseDialog } from './erase-dialog'
import { LanguageChoice } from './language-choice'
import { ViewHeader } from './view-header'

export function SettingsView() {
  const words = useWords()
  const controller = useController()
  const { wording, conversation } = controller
  const preferences = useWidget((state) => state.preferences)
  const hospitalScheme = useWidget((state) => state.appearance?.theme.colorScheme)
  const hasMessages = useConversation(({ transcript }) => transcript.some(({ seq }) => seq !== undefined))
  const [confirming, setConfirming] = useState(false)
  const { kept } = conversation
  const { textSizes, appearances } = words

  return (
    <>
      <ViewHeader title={wording.settings} />
      <div className="page">
        <Choice
          name="text-size"
          legend={words.textSize}
          value={preferences.textSize}
          options={[
            { value: 0.9, label: textSizes.small },
            { value: 1, label: textSizes.standard },
            { value: 1.2, label: textSizes.large },
            { value: 1.4, label: textSizes.largest },
          ]}
          onChange={(textSize) => controller.prefer({ textSize })}
        />
        <Choice
          name="appearance"
          legend={words.appearance}
          value={preferences.colorScheme ?? hospitalScheme ?? 'auto'}
          options={[
            { value: 'auto', label: appearances.auto },
            { value: 'light', label: appearances.light },
            { value: 'dark', label: appearances.dark },
          ]}
          onChange={(colorScheme) => controller.prefer({ colorScheme })}
        />
        <LanguageChoice />
        <AccountSection />
        {kept && hasMessages && <SaveCopy kept={kept} />}
        <section className="group">
          <h3 className="section-title">{words.privacy}</h3>
          <p className="muted">{words.endAndEraseHint}</p>
          <button type="button" className="button button-danger" onClick={() => setConfirming(true)}>
            {words.endAndErase}
          </button>
        </section>
      </div>
      {confirming && <EraseDialog onClose={() => setConfirming(false)} />}
    </>
  )
}
