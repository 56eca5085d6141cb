import { Icon } from '../../ui/icons'
import { useController, useWidget } from '../../widget-context'

/** The server does not know this project, or not from this page. The visitor gets a way to reach a human. */
export function Unavailable() {
  const { wording } = useController()
  const phone = useWidget((state) => state.appearance?.contact.phone)
  return (
    <div className="centered" role="status">
      <span className="emblem" aria-hidden="true">
        <Icon name="warning" size={28} />
      </span>
      <h3 className="empty-title">{wording.unavailableTitle}</h3>
      <p className="muted">{wording.unavailableText}</p>
      {phone && (
        <a className="button" href={`tel:${phone.replace(/[^\d+]/g, '')}`}>
          <Icon name="phone" size={18} /> {wording.call(phone)}
        </a>
      )}
    </div>
  )
}

export function Ended() {
  const { conversation, wording } = useController()
  return (
    <div className="centered" role="status">
      <h3 className="empty-title">{wording.endedTitle}</h3>
      <p className="muted">{wording.endedText}</p>
      <button type="button" className="button button-primary" onClick={() => conversation.startNew()}>
        {wording.startNew}
      </button>
    </div>
  )
}
