import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
} from 'react'
import { themeProperties } from '../theme/palette'
import { useMediaQuery } from '../ui/use-media-query'
import { LanguageContext, useController, useStore, useWidget } from '../widget-context'
import { directionOf } from '../wording/languages'
import { CurrentView } from './current-view'
import { otherViews } from './other-views'

/** A phone, upright or held sideways, or a page magnified as much as that: the panel is a sheet that fills the screen. The style sheets ask the same. */
const PHONE = '(max-width: 479px), (max-height: 479px) and (max-width: 1023px)'

/** The widget's frame: theme, size and place on the page, and the view that is on screen. */
export function Panel() {
  const controller = useController()
  const { settings, wording } = controller
  const speech = useWidget((state) => state.speech)
  const appearance = useWidget((state) => state.appearance)
  const preferences = useWidget((state) => state.preferences)
  const systemIsDark = useMediaQuery('(prefers-color-scheme: dark)')
  const chosen = preferences.colorScheme ?? appearance?.theme.colorScheme ?? 'auto'
  const scheme = chosen === 'auto' ? (systemIsDark ? 'dark' : 'light') : chosen
  const properties = themeProperties(
    appearance?.theme ?? { primaryColor: settings.primaryColor ?? '' },
    scheme,
    preferences.textSize,
  )
  const label = controller.ofHospital(appearance?.uiHints.widgetTitle) || wording.panel
  const Frame = settings.mode === 'inline' ? InlineFrame : FloatingFrame
  const { part } = useStore(otherViews.state, (now) => now)
  const { greeting, kiosk } = settings
  useEffect(() => {
    if (greeting || kiosk) otherViews.load()
  }, [greeting, kiosk])
  // What is drawn now would be drawn in English, for a moment.
  if (!speech) return null
  const { language } = speech
  return (
    // The wording's language, whatever the page is in: a screen reader must know, and it has a direction of its own.
    <div
      className="theme"
      data-scheme={scheme}
      lang={language}
      dir={directionOf(language)}
      style={properties as CSSProperties}
    >
      <LanguageContext.Provider value={language}>
        <Frame label={label}>
          <CurrentView />
          <Announcer />
        </Frame>
        {greeting && part && <part.Greeting text={greeting} />}
      </LanguageContext.Provider>
    </div>
  )
}

/** Speaks whole answers, once. Inside the panel, because a modal panel silences everything outside. */
function Announcer() {
  const announcement = useWidget((state) => state.announcement)
  return (
    <div role="status" className="sr-only">
      {announcement}
    </div>
  )
}

interface FrameProps {
  label: string
  children: ReactNode
}

function InlineFrame({ label, children }: FrameProps) {
  return (
    <section className="panel panel-inline" aria-label={label}>
      {children}
    </section>
  )
}

/**
 * A dialog beside the page on wide screens, over it on phones. Modal there, so that the keyboard cannot wander behind
 * a sheet that covers everything, and with nothing done to the page itself.
 */
function FloatingFrame({ label, children }: FrameProps) {
  const controller = useController()
  const open = useWidget((state) => state.open)
  const phone = useMediaQuery(PHONE)
  const dialog = useRef<HTMLDialogElement>(null)

  useLayoutEffect(() => {
    const element = dialog.current
    if (!element || !open) return
    if (phone) element.showModal()
    // Not `show()`, which takes the focus: a panel that reopens by itself must not.
    else element.setAttribute('open', '')
    return () => element.close()
  }, [open, phone])

  useVisibleHeight(dialog, open && phone)

  const onKeyDown = (event: KeyboardEvent) => {
    // Escape in a dialog inside this one closes that one.
    const innermost = (event.target as Element).closest('dialog')
    if (event.key === 'Escape' && innermost === dialog.current) controller.hide()
  }
  return (
    <dialog
      ref={dialog}
      className={controller.settings.position === 'left' ? 'panel panel-left' : 'panel'}
      aria-label={label}
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        if (event.target !== dialog.current) return
        event.preventDefault()
        controller.hide()
      }}
    >
      {children}
    </dialog>
  )
}

/** A phone's keyboard shrinks what is visible, not the page: the sheet follows, so that the composer stays in sight. */
function useVisibleHeight(panel: { current: HTMLElement | null }, active: boolean): void {
  useEffect(() => {
    const viewport = window.visualViewport
    const element = panel.current
    if (!active || !viewport || !element) return
    const follow = () => {
      element.style.setProperty('--kz-visible-height', `${viewport.height}px`)
      element.style.setProperty('--kz-visible-top', `${viewport.offsetTop}px`)
    }
    follow()
    viewport.addEventListener('resize', follow)
    viewport.addEventListener('scroll', follow)
    return () => {
      viewport.removeEventListener('resize', follow)
      viewport.removeEventListener('scroll', follow)
    }
  }, [panel, active])
}
