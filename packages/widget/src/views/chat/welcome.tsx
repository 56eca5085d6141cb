import { useController, useWidget } from '../../widget-context'

/** What the hospital says first. */
export function Greeting() {
  const hints = useWidget((state) => state.appearance?.uiHints)
  if (!hints) return null
  return (
    <div className="greeting">
      <h3 className="greeting-title">{hints.welcomeMessage}</h3>
    </div>
  )
}

/** An empty conversation invites a first question, and offers some. */
export function Suggestions() {
  const controller = useController()
  const hints = useWidget((state) => state.appearance?.uiHints)
  if (!hints) return null
  const { emptyStateMessage, emptyStateSubtitle, suggestedQuestions = [] } = hints
  return (
    <div className="suggestions">
      {emptyStateMessage && <p className="suggestions-title">{emptyStateMessage}</p>}
      {emptyStateSubtitle && <p className="muted">{emptyStateSubtitle}</p>}
      {suggestedQuestions.length > 0 && (
        <ul aria-label={controller.wording.suggestions}>
          {suggestedQuestions.map((question) => (
            <li key={question}>
              <button type="button" className="suggestion" onClick={() => controller.send(question)}>
                {question}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
