import { complain } from './config.js'
import { createLauncher } from './launcher.js'
import type {
  Call,
  InstanceSettings,
  RememberedForLauncher,
  WidgetHost,
  WidgetModule,
} from './widget-host.js'
import * as launcherWording from './wording.js'

/** File name of the widget's bundle, with its content hash; the build fills it in. */
declare const WIDGET_FILE: string

export type Emit = WidgetHost['emit']

/**
 * Grows with each failure: a browser remembers a module that it could not fetch, by its whole address, for as long as the page
 * lives.
 */
let query = ''

/** `hide`, `identify`, `setLocale` and `shutdown` can wait until somebody wants the widget; every other call means that somebody does. */
const CAN_WAIT = /^(hi|i|setL|shu)/

/** Brings one element to life: a launcher now, the widget on the first sign that somebody wants it. */
export function startInstance(
  element: HTMLElement,
  settings: InstanceSettings,
  folder: string,
  emit: Emit,
): Call {
  const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' })
  const waiting: Parameters<Call>[] = []
  let launcher: HTMLButtonElement | undefined
  let widget: Call | undefined
  let loading = false

  const load = () => {
    if (loading) return
    loading = true
    import(/* @vite-ignore */ folder + WIDGET_FILE + query).then(
      ({ mount }: WidgetModule) => {
        widget = mount({ element, root, settings, emit, launcher })
        for (const command of waiting) widget(...command)
      },
      (error) => {
        loading = false
        query += '?1'
        complain(error)
        // The next click tries again.
        if (launcher) {
          launcher.dataset.unread = '!'
          launcher.title = launcherWording.unreachable
        }
      },
    )
  }

  const call: Call = (method, args) => {
    if (method === 'shutdown') launcher?.remove()
    if (widget) widget(method, args)
    else {
      // Also after a shutdown: a widget still on its way learns of it when it arrives.
      waiting.push([method, args])
      if (!CAN_WAIT.test(method)) load()
    }
  }

  if (settings.mode === 'inline') load()
  else {
    let remembered: RememberedForLauncher = {}
    let wasOpen: unknown
    try {
      wasOpen = sessionStorage[settings.storageKey]
      remembered = JSON.parse(localStorage[settings.storageKey])
    } catch {
      // Blocked, empty, or not ours: none of that is the page's problem.
    }
    launcher = createLauncher(root, settings, remembered)
    launcher.onpointerenter = launcher.onfocus = load
    // A second click while the widget is on its way, or after it could not be fetched, still means: open.
    launcher.onclick = () => call(widget ? 'toggle' : 'show', [])
    // It was open on the page before this one: the visitor has already said that they want it.
    if (wasOpen) call('restore', [])
    if (settings.greeting || settings.kiosk) load()
  }
  return call
}
