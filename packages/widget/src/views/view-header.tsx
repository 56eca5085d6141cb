import { useRef } from 'react'
import { IconButton } from '../ui/icon-button'
import { useFocusWhenAsked } from '../ui/use-focus-when-asked'
import { useController } from '../widget-context'

/** The head of every view but the chat: the way back, and what this is. */
export function ViewHeader({ title }: { title: string }) {
  const controller = useController()
  const heading = useRef<HTMLHeadingElement>(null)
  useFocusWhenAsked(heading)
  return (
    <header className="header">
      <IconButton icon="back" label={controller.wording.back} onClick={() => controller.back()} />
      <h2 ref={heading} tabIndex={-1} className="header-title grow">
        {title}
      </h2>
      {controller.settings.mode !== 'inline' && (
        <IconButton icon="close" label={controller.wording.close} onClick={() => controller.hide()} />
      )}
    </header>
  )
}
