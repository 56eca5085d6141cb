import { Formatted } from '../../markdown/formatted'
import { useController, useWidget } from '../../widget-context'

/** A greeting longer than this reads better as the first message than as a headline. */
const HEADLINE_CHARACTERS = 60

/** What the hospital says first. */
export function Greeting() {
  const hints = useWidget((state) => state.appearance?.uiHints)
  const text = useController().ofHospital(hints?.welcomeMessage)
  if (!text) return null
  if (text.length <= HEADLINE_CHARACTERS)
    return (
      <h3 className="greeting">
        <bdi>{text}</bdi>
      </h3>
    )
  return (
    <div className="message message-assistant ends">
      <div className="bubble">
        <Formatted text={text} />
      </div>
    </div>
  )
}

/** An empty conversation invites a first question, and offers some. */
export function Suggestions() {
  const controller = useController()
  const hints = useWidget((state) => state.appearance?.uiHints)
  if (!hints) return null
  const { emptyStateMessage, emptyStateSubtitle, suggestedQuestions = [] } = hints
  const ask = (question: string) => {
    // The button goes with the suggestions, and must not take the keyboard's place along.
    if (controller.send(question)) controller.askForFocus()
  }
  return (
    <div className="suggestions">
      {emptyStateMessage && (
        <p className="suggestions-title">
          <bdi>{controller.ofHospital(emptyStateMessage)}</bdi>
        </p>
      )}
      {emptyStateSubtitle && (
        <p className="muted">
          <bdi>{controller.ofHospital(emptyStateSubtitle)}</bdi>
        </p>
      )}
      {suggestedQuestions.length > 0 && (
        <ul aria-label={controller.wording.suggestions}>
          {suggestedQuestions.map((question) => (
            <li key={question}>
              <button type="button" className="suggestion" onClick={() => ask(question)}>
                <bdi>{question}</bdi>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
