/** The seam between the loader, which every visitor pays for, and the widget, which only those who open it do. */

import type { EventName, KuzushiConfig, KuzushiEvents, ListenOptions } from './page-api.js'

export interface InstanceSettings extends KuzushiConfig {
  apiBaseUrl: string
  /** `inline` fills the element; anything else floats over the page. */
  mode?: string | null
  /** Where this instance keeps its conversation on the device; also the `sessionStorage` mark of an open panel. */
  storageKey: string
}

export interface WidgetHost {
  readonly element: HTMLElement
  readonly root: ShadowRoot
  readonly settings: InstanceSettings
  /** The round button; missing in `inline` mode. Its colour is the custom property `--b`, its badge `data-unread`. */
  readonly launcher?: HTMLButtonElement | undefined
  /** Tells the page's listeners. What each one gets may depend on what it asked for. */
  emit<Name extends EventName>(
    event: Name,
    payloadFor: (options?: ListenOptions) => KuzushiEvents[Name],
  ): void
}

/** What `on` was called with. */
export type Listener = [event: string, listener: (payload: unknown) => void, options?: ListenOptions]

/** Carries out a command of the page. `shutdown` takes the instance off the page; nothing may be called after it. */
export type Call = (method: string, args: unknown[]) => void

/** What the widget's bundle exports. */
export interface WidgetModule {
  mount(host: WidgetHost): Call
}

/** What the loader reads of the record a widget instance keeps in `localStorage`. */
export interface RememberedForLauncher {
  launcherColor?: string
  /** What a screen reader calls it, in the language that the widget speaks. */
  launcherLabel?: string
  unread?: number
}
