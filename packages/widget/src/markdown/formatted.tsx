import { useLayoutEffect } from 'react'
import { adopt } from '../ui/adopt'
import { lazy, useLazy } from '../ui/lazy'
import { useController } from '../widget-context'

/**
 * What reads Markdown and draws it. No part of the first view, which has nothing to format as a rule: it is fetched beside it,
 * and an answer takes longer.
 */
export const formatting = lazy(() => import('./markdown'))

/** An answer with its formatting. Should that not have come yet, or fail to come, the text as it was written. */
export function Formatted({ text }: { text: string }) {
  const { root } = useController().host
  const { part } = useLazy(formatting)
  useLayoutEffect(() => {
    if (part) adopt(root, part.styles)
  }, [part, root])
  return part ? <part.Markdown text={text} /> : <div className="unformatted">{text}</div>
}
