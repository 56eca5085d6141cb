import type { Command, KuzushiConfig, KuzushiGlobal } from '../page-api.js'

declare global {
  var widgetLog: unknown[][]
  var WIDGET_FILE: string
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

/** Waits until an import of the bundle that may be under way has come or failed, and what follows from it has run. */
export async function settled(): Promise<void> {
  // The same address is the same module, so this ends no sooner than the loader's own import.
  await import(/* @vite-ignore */ FOLDER + WIDGET_FILE).catch(() => undefined)
  for (let round = 0; round < 3; round += 1) await new Promise((resolve) => setTimeout(resolve))
}

export const elements = () => [...document.querySelectorAll('kuzushi-widget')]
export const launcherOf = (element: Element | undefined) =>
  element?.shadowRoot?.querySelector<HTMLButtonElement>('.launcher')
