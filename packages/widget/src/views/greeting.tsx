import { useEffect, useLayoutEffect, useState } from 'react'
import styles from '../styles/other-views.css?inline'
import { adopt } from '../ui/adopt'
import { Icon } from '../ui/icon'
import * as otherIcons from '../ui/icons-other-views'
import { useController, useWidget } from '../widget-context'
import { useWords } from '../wording/use-words'

/** Nobody is spoken to while they still look where they are. */
const AFTER_MS = 2_500

/** What the page says to its visitors beside the launcher, until somebody answers it or puts it away, once in the life of a device. */
export function Greeting({ text }: { text: string }) {
  const controller = useController()
  const words = useWords()
  const { root, settings } = controller.host
  useLayoutEffect(() => adopt(root, styles), [root])
  const open = useWidget((state) => state.open)
  const [due, setDue] = useState(false)
  const [over, setOver] = useState(controller.storage.read().greeted)
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), AFTER_MS)
    return () => clearTimeout(timer)
  }, [])
  const done = () => {
    setOver(true)
    controller.storage.update({ greeted: true })
  }
  useEffect(() => {
    if (open) setOver(true)
  }, [open])
  if (over || !due) return null
  return (
    <div className={`launcher-note launcher-note-${settings.position ?? 'right'}`}>
      <button
        type="button"
        className="greeting-text"
        onClick={() => {
          done()
          controller.show()
        }}
      >
        <bdi>{text}</bdi>
      </button>
      <button
        type="button"
        className="greeting-close"
        aria-label={words.closeGreeting}
        title={words.closeGreeting}
        onClick={done}
      >
        <Icon path={otherIcons.cross} size={16} />
      </button>
    </div>
  )
}
