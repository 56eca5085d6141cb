import { complain, problemWith } from './config.js'
import { type Emit, startInstance } from './instance.js'
import type { KuzushiConfig } from './page-api.js'
import type { Call, InstanceSettings } from './widget-host.js'

const TAG = 'kuzushi-widget'

export interface KuzushiElement extends HTMLElement {
  /** Set by `init` before the element is placed; a page's own element has only attributes, read when it is placed. */
  config?: KuzushiConfig
  call?: Call | undefined
  shutdown(): void
}

/**
 * Defines the custom element. It is here and not in the widget's bundle because a page may place elements at any time,
 * and one that floats must cost no more than its launcher until it is wanted.
 */
export function defineElement(folder: string, emit: Emit): void {
  class WidgetElement extends HTMLElement implements KuzushiElement {
    declare config?: KuzushiConfig
    declare call?: Call | undefined

    // Moving an element disconnects and connects it in one go, and frameworks set attributes just after placing it:
    // looking only afterwards keeps the conversation on screen through both.
    connectedCallback() {
      queueMicrotask(() => {
        if (!this.isConnected) return this.shutdown()
        if (this.call) return
        const settings = {
          projectId: this.getAttribute('project-id'),
          apiBaseUrl: this.getAttribute('api-base-url'),
          mode: this.getAttribute('mode'),
          ...this.config,
        } as InstanceSettings
        settings.apiBaseUrl ??= new URL(folder).origin
        const problem = problemWith(settings)
        if (problem) {
          // What `init` made may be made again with a better config; a page's own element is the page's.
          if (this.config) this.remove()
          return complain(problem)
        }
        // The widget that `init` makes is the same on every page; a page's own elements go by their id or place.
        const name = this.config ? '' : this.id || elementsOnPage().indexOf(this)
        settings.storageKey = `kuzushi:${settings.projectId}:${name}`
        this.call = startInstance(this, settings, folder, emit)
        emit('ready', () => ({}))
      })
    }
    disconnectedCallback() {
      this.connectedCallback()
    }
    shutdown() {
      this.call?.('shutdown', [])
      this.call = undefined
    }
  }
  customElements.define(TAG, WidgetElement)
}

export function createElement(config: KuzushiConfig): KuzushiElement {
  return Object.assign(document.createElement(TAG) as KuzushiElement, { config })
}

export function elementsOnPage(): KuzushiElement[] {
  return [...document.querySelectorAll<KuzushiElement>(TAG)]
}
