import { Filled } from '../../ui/filled'
import { PhoneLink } from '../../ui/phone-link'
import { useController, useConversation, useStore, useWidget } from '../../widget-context'
import { otherViews } from '../other-views'

/** Always in sight: what this is, and what to do instead when it matters. */
export function EmergencyLine() {
  const controller = useController()
  const { wording } = controller
  const appearance = useWidget((state) => state.appearance)
  const hasBegun = useConversation(({ transcript }) => transcript.length > 0)
  const { part } = useStore(otherViews.state, (now) => now)
  const number = appearance?.contact.emergencyNumber
  const phone = appearance?.contact.phone
  const poweredBy = controller.ofHospital(appearance?.uiHints.poweredByText)
  return (
    <div className="footer">
      <p>
        {number ? (
          <Filled text={wording.emergency}>
            <PhoneLink number={number} />
          </Filled>
        ) : (
          wording.assistantOnly
        )}
        {/* Whom the hospital thanks matters less, once there is something to ask a person about. */}
        {hasBegun && phone && part ? (
          <part.ToAPerson phone={phone} />
        ) : (
          poweredBy && (
            <span className="footer-more powered-by">
              <bdi>{poweredBy}</bdi>
            </span>
          )
        )}
      </p>
    </div>
  )
}
