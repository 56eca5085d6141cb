import { clinic } from '../environment/host-pages'
import { expect, test } from '../environment/test'

const PROJECT = 'riverside-plain'

/** What pages do to the browser's own things before the widget comes. */
const PAGES: Record<string, string> = {
  'freezes the prototypes of the language': `
    for (const one of [Object, Function, Array, String, Number, Boolean, Promise, RegExp, Date, Map, Set, WeakMap, Error, Symbol])
      Object.freeze(one.prototype), Object.freeze(one)
    Object.freeze(JSON); Object.freeze(Math); Object.freeze(Reflect)`,
  'freezes the prototypes of the page': `
    for (const one of [EventTarget, Node, Element, HTMLElement, HTMLButtonElement, HTMLDialogElement, HTMLTextAreaElement,
                       Event, Document, ShadowRoot, WebSocket, XMLHttpRequest, Storage, CSSStyleSheet])
      Object.freeze(one.prototype)`,
  'has a fetch of its own, which counts and retries': `
    const real = window.fetch
    window.fetched = 0
    window.fetch = async function (input, init) {
      window.fetched += 1
      const request = new Request(input, init)
      try { return (await real(request.clone())).clone() } catch { return real(request) }
    }`,
  'has a fetch that only knows strings, as old stand-ins do': `
    const real = window.fetch.bind(window)
    window.fetch = (url, options) => {
      if (typeof url !== 'string') return Promise.reject(new TypeError('a string, please'))
      return real(url, { ...options }).then((response) => response)
    }`,
  'adds to every object and list': `
    Object.prototype.extend = function () {}
    Array.prototype.last = function () { return this[this.length - 1] }
    Array.prototype.toJSON = undefined
    Function.prototype.delay = function () {}
    String.prototype.strip = function () { return this.trim() }`,
  'wraps listeners, timers and promises, as frameworks do': `
    const add = EventTarget.prototype.addEventListener
    EventTarget.prototype.addEventListener = function (type, listener, options) {
      if (typeof listener !== 'function') return add.call(this, type, listener, options)
      return add.call(this, type, function (event) { return listener.call(this, event) }, options)
    }
    const { setTimeout: later } = window
    window.setTimeout = function (task, ...rest) { return later(() => task(), ...rest) }
    const then = Promise.prototype.then
    Promise.prototype.then = function (...steps) { return then.apply(this, steps) }`,
  'has a socket of its own': `
    const Real = window.WebSocket
    window.WebSocket = class extends Real { constructor(url, protocols) { super(url, protocols); window.socketAddress = String(url) } }`,
}

for (const [what, script] of Object.entries(PAGES))
  test(`works on a page that ${what}`, async ({ page, widget, server, site, complaints }) => {
    const head = `<script>(() => { ${script} })()</script>`
    await page.goto(clinic(site, server, PROJECT, { head }))
    await widget.open()
    await widget.ask('How do I prepare for my stay?')
    await widget.openView('Your conversations')
    await expect(widget.panel.getByRole('listitem')).toHaveCount(1)
    await widget.back()
    await page.reload()
    await expect(widget.answers).toHaveCount(1)
    expect(complaints).toEqual([])
  })
