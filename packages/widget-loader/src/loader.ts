import { complain } from './config.js'
import { createElement, defineElement, elementsOnPage, type KuzushiElement } from './element.js'
import type { Command, KuzushiConfig } from './page-api.js'
import type { Listener, WidgetHost } from './widget-host.js'

const FOR_THE_WIDGET = /^(show|hide|toggle|open|sendMessage|identify|(start|end)Voice|setLocale|endSession)$/

/** Takes over the command queue, and puts the launcher on the page when there is something to launch. */
function start(queue: Command[], { src, dataset }: HTMLScriptElement): void {
  let listeners: Listener[] = []
  let floating: KuzushiElement | undefined

  // A listener of the page that throws is the page's error, reported as such, and stops nothing of ours.
  const emit: WidgetHost['emit'] = (event, payloadFor) => {
    for (const [name, listener, options] of listeners)
      if (name === event) queueMicrotask(() => listener(payloadFor(options)))
  }

  const commands: Partial<Record<string, (...args: never[]) => void>> = {
    __proto__: null as never,
    init(config: KuzushiConfig = { ...dataset, ...(window.KuzushiConfig as KuzushiConfig) }) {
      if (floating?.isConnected && floating.config?.projectId === config?.projectId) return
      floating?.remove()
      floating = createElement(config)
      // A snippet in <head> can be here before there is a body.
      ;(document.body ?? document.documentElement).append(floating)
    },
    shutdown() {
      for (const element of elementsOnPage()) element.shutdown()
      floating?.remove()
      listeners = []
    },
    on(...listener: Listener) {
      // What can be called has this.
      if (!listener[1]?.call) return complain('on needs a function')
      listeners.push(listener)
      // Too late to hear of it, so told at once.
      if (listener[0] === 'ready' && elementsOnPage()[0]?.call) queueMicrotask(() => listener[1]({}))
    },
    off(event: string, listener: Listener[1]) {
      listeners = listeners.filter(([name, known]) => name !== event || known !== listener)
    },
  }

  const run = (command: Command): void => {
    try {
      const { method, args } = command
      if (commands[method]) commands[method](...(args as never[]))
      // An element placed just now starts in a microtask; its commands must find it started.
      else
        queueMicrotask(() => {
          const { call } = floating ?? elementsOnPage()[0] ?? {}
          call && FOR_THE_WIDGET.test(method)
            ? call(method, args)
            : complain(`${method} is unknown or before init`)
        })
    } catch (error) {
      complain(error)
    }
  }

  // The loader is also served as /widget/loader.js, one folder up from the files it loads.
  defineElement(src.replace(/(v1\/)?[^/]*$/, 'v1/'), emit)
  const waiting = queue.splice(0)
  // The functions that pages hold keep pushing to this very array, so from here on pushing runs the command.
  // Defined and not set: a page that froze `Array.prototype` lets nobody set it.
  Object.defineProperty(queue, 'push', { value: run })
  // A page without a config either forgot it, which it should hear of, or does it its own way: with a command, with an
  // element, or later (`KuzushiConfig = null`).
  const config = window.KuzushiConfig
  if (config || dataset.projectId || (config !== null && !waiting[0] && !elementsOnPage()[0]))
    run({ method: 'init', args: [] })
  waiting.forEach(run)
}

// The snippet, the stub that a page pasted, or `loadKuzushi` came before and made the function.
const kuzushi = window.Kuzushi
const script = kuzushi?._script ?? document.currentScript
if (kuzushi && script && !kuzushi._loaded) {
  kuzushi._loaded = true
  start((kuzushi.q ??= []), script as HTMLScriptElement)
}
