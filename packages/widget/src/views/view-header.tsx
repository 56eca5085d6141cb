import { useLayoutEffect, useRef } from 'react'
import styles from '../styles/other-views.css?inline'
import { adopt } from '../ui/adopt'
import { IconButton } from '../ui/icon-button'
import * as icons from '../ui/icons'
import * as otherIcons from '../ui/icons-other-views'
import { useFocusWhenAsked } from '../ui/use-focus-when-asked'
import { useController } from '../widget-context'

/** The head of every view but the chat: the way back, and what this is. Brings the styles that those views share. */
export function ViewHeader({ title }: { title: string }) {
  const controller = useController()
  const heading = useRef<HTMLHeadingElement>(null)
  useFocusWhenAsked(heading)
  const { root } = controller.host
  useLayoutEffect(() => adopt(root, styles), [root])
  return (
    <div className="header">
      <IconButton path={otherIcons.back} label={controller.wording.back} onClick={() => controller.back()} />
      <h2 ref={heading} tabIndex={-1} className="header-title grow">
        {title}
      </h2>
      {controller.settings.mode !== 'inline' && (
        <IconButton path={icons.close} label={controller.wording.close} onClick={() => controller.hide()} />
      )}
    </div>
  )
}
