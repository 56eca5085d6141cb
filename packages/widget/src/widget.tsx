import type { Call, WidgetHost } from '@kuzushi/widget-loader/widget-host'
import { createRoot } from 'react-dom/client'
import { Controller } from './controller'
import { formatting } from './markdown/formatted'
import styles from './styles.css?inline'
import { adopt } from './ui/adopt'
import { Panel } from './views/panel'
import { ControllerContext } from './widget-context'

formatting.load()

/** Puts the widget into its element. Called by the loader, once for each element that somebody wants. */
export function mount(host: WidgetHost): Call {
  const controller = new Controller(host)
  adopt(host.root, styles)
  const container = document.createElement('div')
  container.className = 'widget'
  // Before the launcher in the order of the keyboard: Tab from the panel's end comes to the button that closes it.
  host.root.prepend(container)

  const listening = new AbortController()
  const { signal } = listening
  // What is typed here is nobody else's shortcut. Tab and Escape stay the page's, too.
  for (const type of ['keydown', 'keyup', 'keypress'] as const) {
    host.element.addEventListener(
      type,
      (event) => {
        if (event.key !== 'Tab' && event.key !== 'Escape') event.stopPropagation()
      },
      { signal },
    )
  }
  const wake = () => controller.conversation.wake()
  addEventListener('online', () => controller.conversation.networkBack(), { signal })
  addEventListener('offline', () => controller.conversation.networkLost(), { signal })
  addEventListener('pagehide', () => controller.conversation.putAside(), { signal })
  addEventListener('pageshow', wake, { signal })
  addEventListener('storage', (event) => controller.storageChanged(event), { signal })
  document.addEventListener('visibilitychange', () => document.hidden || wake(), { signal })

  if (!navigator.onLine) controller.conversation.networkLost()

  const root = createRoot(container)
  root.render(
    <ControllerContext.Provider value={controller}>
      <Panel />
    </ControllerContext.Provider>,
  )
  if (host.settings.mode === 'inline') controller.conversation.start()

  return (method, args) => {
    if (method !== 'shutdown') return controller.call(method, args)
    listening.abort()
    controller.conversation.stop()
    controller.speaking.stop()
    root.unmount()
    container.remove()
  }
}
