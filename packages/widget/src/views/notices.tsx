import { useLayoutEffect, useState } from 'react'
import styles from '../styles/notices.css?inline'
import { adopt } from '../ui/adopt'
import { Icon } from '../ui/icon'
import * as icons from '../ui/icons'
import { useController, useConversation } from '../widget-context'
import { useWords } from '../wording/use-words'

/** What stands above the message field: whom to call in an emergency, else that an AI answers and how to reach a person. */
export function Notices() {
  const words = useWords()
  const controller = useController()
  const { root } = controller.host
  useLayoutEffect(() => adopt(root, styles), [root])
  const unstored = useConversation((state) => state.unstoredNotice)
  const stored = useConversation(({ transcript }) =>
    transcript.filter(({ notice }) => notice?.code === 'EMERGENCY').pop(),
  )
  const [dismissed, setDismissed] = useState(controller.storage.read().dismissedNotice)
  const shown =
    unstored?.code === 'EMERGENCY'
      ? { id: unstored.content, content: unstored.content, numbers: unstored.numbers }
      : stored && { id: stored.messageId, content: stored.content, numbers: stored.notice?.numbers }
  if (!shown || shown.id === dismissed) return <WhoAnswers />
  const { id, content, numbers = [] } = shown
  const dismiss = () => {
    setDismissed(id)
    // Of one that is not stored nothing is kept here either.
    if (stored?.messageId === id) controller.storage.update({ dismissedNotice: id })
    controller.askForFocus()
  }
  return (
    <section className="alarm" aria-label={words.emergencyTitle}>
      <Icon path={icons.warning} size={22} />
      <p key={id} className="alarm-text" dir="auto" role="alert">
        {content}
      </p>
      <button
        type="button"
        className="alarm-close"
        aria-label={words.dismissNotice}
        title={words.dismissNotice}
        onClick={dismiss}
      >
        <Icon path="m6 6 12 12M18 6 6 18" size={18} />
      </button>
      <div className="alarm-numbers">
        {numbers.map(({ number, name }, index) => (
          <a key={number} className={index ? 'alarm-call' : 'alarm-call alarm-first'} href={dialled(number)}>
            <Icon path={icons.phone} size={18} />
            <span>
              {controller.wording.call.replace('{number}', () => number)}
              {name && <small>{name}</small>}
            </span>
          </a>
        ))}
      </div>
    </section>
  )
}

/** In full as long as nothing was said. */
function WhoAnswers() {
  const words = useWords()
  const session = useConversation((state) => state.session)
  const isBeginning = useConversation(({ transcript }) => transcript.length === 0)
  if (!session) return null
  const { phone } = session.contact
  const [beforePhone, afterPhone] = words.toAPerson.split('{number}')
  if (isBeginning)
    return (
      <p className="who-answers" dir="auto">
        {session.aiDisclosure}
      </p>
    )
  return (
    <p className="who-answers">
      {words.aiAnswers}
      {phone && (
        <>
          {' '}
          {beforePhone}
          <a href={dialled(phone)}>{phone}</a>
          {afterPhone}
        </>
      )}
    </p>
  )
}

const dialled = (number: string) => `tel:${number.replace(/[^\d+*#]/g, '')}`
