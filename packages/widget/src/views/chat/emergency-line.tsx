import { useWidget, useWording } from '../../widget-context'

/** Always in sight: what this is, and what to do instead when it matters. */
export function EmergencyLine() {
  const wording = useWording()
  const appearance = useWidget((state) => state.appearance)
  const number = appearance?.contact.emergencyNumber
  const poweredBy = appearance?.uiHints.poweredByText
  return (
    <div className="footer">
      <p>
        {number ? (
          <>
            {wording.emergency} <a href={`tel:${number.replace(/[^\d+*#]/g, '')}`}>{number}</a>.
          </>
        ) : (
          wording.assistantOnly
        )}
        {poweredBy && <span className="powered-by"> {poweredBy}</span>}
      </p>
    </div>
  )
}
