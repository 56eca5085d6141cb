import { useController, useWidget } from '../../widget-context'

/** Always in sight: what this is, and what to do instead when it matters. */
export function EmergencyLine() {
  const controller = useController()
  const appearance = useWidget((state) => state.appearance)
  const number = appearance?.contact.emergencyNumber
  const poweredBy = controller.ofHospital(appearance?.uiHints.poweredByText)
  const [before, after] = controller.wording.emergency.split('{number}')
  return (
    <div className="footer">
      <p>
        {number ? (
          <>
            {before}
            <a href={`tel:${number.replace(/[^\d+*#]/g, '')}`}>{number}</a>
            {after}
          </>
        ) : (
          controller.wording.assistantOnly
        )}
        {poweredBy && (
          <span className="powered-by" dir="auto">
            {' '}
            {poweredBy}
          </span>
        )}
      </p>
    </div>
  )
}
