import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'

/** What is left above an answer that is read from its beginning. */
const ROOM_ABOVE_PX = 16
/** Closer to the end than this counts as reading the newest. */
const NEAR_END_PX = 48

/**
 * Keeps a scroller at its end while it grows, and lets go as soon as the reader scrolls up. An answer longer than what is seen of it
 * stays where it begins, because that is where it is read from. Sets `scrollTop` only:
 * `scrollIntoView` would move the hospital's page as well.
 */
export function useFollowEnd(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  /** False while there is nothing to follow: what invites to begin is read from its top. */
  enabled: boolean,
) {
  const [atEnd, setAtEnd] = useState(true)
  const following = useRef(true)

  const toEnd = useCallback(() => {
    following.current = true
    setAtEnd(true)
    const element = scroller.current
    if (element) element.scrollTop = element.scrollHeight
  }, [scroller])

  useLayoutEffect(() => {
    if (enabled) toEnd()
  }, [enabled, toEnd])

  useEffect(() => {
    const element = scroller.current
    if (!element || !enabled) return
    let previousTop = element.scrollTop
    let previousHeight = element.scrollHeight
    /** The answer that grows, or did last. */
    let answer: HTMLElement | null | undefined
    const follow = () => {
      answer = content.current?.querySelector('.streaming')?.parentElement ?? answer
      const end = element.scrollHeight - element.clientHeight
      // Where it is laid out, not where it is drawn: it moves a little as it comes.
      const beginning =
        answer?.isConnected && content.current
          ? answer.offsetTop - content.current.offsetTop - ROOM_ABOVE_PX
          : end
      element.scrollTop = Math.max(element.scrollTop, Math.min(end, beginning))
      setAtEnd(end - element.scrollTop < NEAR_END_PX)
    }
    const onScroll = () => {
      const { scrollTop, scrollHeight, clientHeight } = element
      const nearEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX
      // What arrived between our own scrolling and its event is no sign of the reader: only going up lets go, and not
      // while the height changes, since what grows smaller and larger again within a frame also moves up.
      if (nearEnd || (scrollTop < previousTop && scrollHeight === previousHeight)) following.current = nearEnd
      previousTop = scrollTop
      previousHeight = scrollHeight
      setAtEnd(nearEnd || (following.current && !answer))
      // It is all in sight: what comes after it is followed.
      if (nearEnd) answer = undefined
    }
    element.addEventListener('scroll', onScroll, { passive: true })
    const observer = new ResizeObserver(() => {
      if (following.current) follow()
      previousHeight = element.scrollHeight
    })
    observer.observe(element)
    if (content.current) observer.observe(content.current)
    return () => {
      element.removeEventListener('scroll', onScroll)
      observer.disconnect()
    }
  }, [scroller, content, enabled])

  return { atEnd, toEnd }
}
