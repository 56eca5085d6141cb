import { useEffect, useLayoutEffect, useState } from 'react'
import styles from '../styles/notices.css?inline'
import { adopt } from '../ui/adopt'
import { Filled } from '../ui/filled'
import { Icon } from '../ui/icon'
import * as icons from '../ui/icons'
import * as otherIcons from '../ui/icons-other-views'
import { dialled, PhoneLink } from '../ui/phone-link'
import { useController, useConversation, useLocale } from '../widget-context'
import { useWords } from '../wording/use-words'
import { useMeasuring } from './measuring'

/** What stands above the message field: whom to call in an emergency, else, at the beginning, that an AI answers. */
export function Notices() {
  const controller = useController()
  const words = useWords()
  const { root } = controller.host
  useLayoutEffect(() => adopt(root, styles), [root])
  useMeasuring()
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
        <Icon path={otherIcons.cross} size={18} />
      </button>
      <div className="alarm-numbers">
        {numbers.map(({ number, name }, index) => (
          <a key={number} className={index ? 'alarm-call' : 'alarm-call alarm-first'} href={dialled(number)}>
            <Icon path={icons.phone} size={18} />
            <span>
              <Filled text={controller.wording.call}>
                <bdi dir="ltr">{number}</bdi>
              </Filled>
              {name && (
                <small>
                  <bdi>{name}</bdi>
                </small>
              )}
            </span>
          </a>
        ))}
      </div>
    </section>
  )
}

/** In full as long as nothing was said; afterwards the line below the message field goes on saying it. */
function WhoAnswers() {
  const { api, settings } = useController()
  const session = useConversation((state) => state.session)
  const locale = useLocale()
  const [begunIn] = useState(locale)
  // The server words it, in the language that it knows of: it is told of another one.
  const [disclosure, setDisclosure] = useState<string>()
  useEffect(() => {
    if (!session || locale === begunIn) return setDisclosure(undefined)
    let gone = false
    api
      .initSession({ projectId: settings.projectId, hostOrigin: location.origin, locale }, session.token)
      .then(
        ({ aiDisclosure }) => gone || setDisclosure(aiDisclosure),
        () => {},
      )
    return () => {
      gone = true
    }
  }, [api, settings, session, locale, begunIn])
  const isBeginning = useConversation(({ transcript }) => transcript.length === 0)
  // There before its text is, which a screen reader says only if it comes into a region that it knows: it stands above the field,
  // where the focus is, and whoever hears the widget would come by it last.
  return (
    <p className="who-answers" dir="auto" role="status">
      {isBeginning && (disclosure ?? session?.aiDisclosure)}
    </p>
  )
}

/** The way to a human, in sight as long as a conversation goes on. */
export function ToAPerson({ phone }: { phone: string }) {
  const words = useWords()
  return (
    <span className="footer-more">
      <Filled text={words.toAPerson}>
        <PhoneLink number={phone} />
      </Filled>
    </span>
  )
}
