import type { Command, KuzushiConfig, KuzushiGlobal } from '../page-api.js'

declare global {
  var widgetLog: unknown[][]
}

// Not `new URL(…, import.meta.url)`, which vite would take for an asset of its own.
const FOLDER = import.meta.url.replace(/src\/testing\/.*/, 'test-fixtures/v1/')

interface Page {
  config?: KuzushiConfig | null | undefined
  dataset?: Record<string, string>
  queue?: Command[]
  /** The file served as the widget's bundle. */
  bundle?: string
}

/** What the snippet leaves behind, and then the loader. Once for each test file: an element can be defined only once. */
export async function loadOn({ config, dataset = {}, queue = [], bundle = 'widget-fixture.js' }: Page) {
  globalThis.widgetLog = []
  Object.assign(globalThis, { WIDGET_FILE: bundle })
  const kuzushi: KuzushiGlobal = (method, ...args) => void kuzushi.q?.push({ method, args })
  kuzushi.q = queue
  kuzushi._script = { src: `${FOLDER}snippet.js`, dataset }
  window.Kuzushi = kuzushi
  if (config !== undefined) window.KuzushiConfig = config
  await import('../loader.js')
  await settled()
  return kuzushi
}

/** Long enough for microtasks and for importing a file. */
export const settled = () => new Promise((resolve) => setTimeout(resolve, 30))

export const elements = () => [...document.querySelectorAll('kuzushi-widget')]
export const launcherOf = (element: Element | undefined) =>
  element?.shadowRoot?.querySelector<HTMLButtonElement>('.launcher')
