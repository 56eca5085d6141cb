import { useRef } from 'react'
import { Filled } from '../../ui/filled'
import { Icon } from '../../ui/icon'
import * as icons from '../../ui/icons'
import { dialled } from '../../ui/phone-link'
import { useFocusWhenAsked } from '../../ui/use-focus-when-asked'
import { useController, useWidget } from '../../widget-context'

/** The server does not know this project, or not from this page. The visitor gets a way to reach a human. */
export function Unavailable() {
  const { wording } = useController()
  const phone = useWidget((state) => state.appearance?.contact.phone)
  const heading = useRef<HTMLHeadingElement>(null)
  useFocusWhenAsked(heading)
  return (
    <div className="centered" role="status">
      <span className="emblem" aria-hidden="true">
        <Icon path={icons.warning} size={28} />
      </span>
      <h3 ref={heading} tabIndex={-1} className="empty-title">
        {wording.unavailableTitle}
      </h3>
      <p className="muted">{wording.unavailableText}</p>
      {phone && (
        <a className="button" href={dialled(phone)}>
          <Icon path={icons.phone} size={18} />
          <span>
            <Filled text={wording.call}>
              <bdi dir="ltr">{phone}</bdi>
            </Filled>
          </span>
        </a>
      )}
    </div>
  )
}

export function Ended() {
  const { conversation, wording } = useController()
  // Their login's end looks the same from here: a time without a word, or signing out elsewhere.
  const isPatient = useWidget((state) => state.patient !== undefined)
  const button = useRef<HTMLButtonElement>(null)
  useFocusWhenAsked(button)
  return (
    <div className="centered" role="status">
      <span className="emblem" aria-hidden="true">
        <Icon path={icons.check} size={28} />
      </span>
      <h3 className="empty-title">{wording.endedTitle}</h3>
      <p className="muted">{isPatient ? wording.endedForPatient : wording.endedText}</p>
      <button
        ref={button}
        type="button"
        className="button button-primary"
        onClick={() => conversation.startNew()}
      >
        {wording.startNew}
      </button>
    </div>
  )
}
