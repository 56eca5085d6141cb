import { type RefObject, useEffect } from 'react'
import { useWidget } from '../widget-context'

/** Takes the keyboard when the panel opens or this view comes on screen, unless nobody asked (a panel restored by itself). */
export function useFocusWhenAsked(target: RefObject<HTMLElement | null>, enabled = true): void {
  const asked = useWidget(({ focusAsked }) => focusAsked)
  useEffect(() => {
    if (asked && enabled) target.current?.focus({ preventScroll: true })
  }, [asked, enabled, target])
}
