import { problemWith } from './config.js'
import type { KuzushiApi, KuzushiConfig, KuzushiGlobal } from './page-api.js'

export type {
  EventListenerFor,
  EventName,
  KuzushiApi,
  KuzushiConfig,
  KuzushiEvents,
  ListenOptions,
  View,
} from './page-api.js'

const METHODS = [
  'init',
  'show',
  'hide',
  'toggle',
  'open',
  'sendMessage',
  'identify',
  'startVoice',
  'endVoice',
  'setLocale',
  'on',
  'off',
  'endSession',
  'shutdown',
] as const satisfies readonly (keyof KuzushiApi)[]

/**
 * Puts the assistant on the page and resolves once its launcher is there. The loader itself comes from `apiBaseUrl`, so a
 * page with a bundler gets the server's own version without a rebuild. Rejects when the config is wrong or the
 * server cannot be reached. Calling it again gives the same widget.
 */
export async function loadKuzushi(config: KuzushiConfig & { apiBaseUrl: string }): Promise<KuzushiApi> {
  // Without a snippet nothing says where the server is, so here the address is required.
  const problem = problemWith({ ...config, apiBaseUrl: config?.apiBaseUrl ?? null })
  if (problem) throw new TypeError(`Kuzushi: ${problem}`)

  const kuzushi: KuzushiGlobal = (window.Kuzushi ??= (method, ...args) =>
    void kuzushi.q?.push({ method, args }))
  kuzushi.q ??= []
  const api = Object.fromEntries(
    METHODS.map((method) => [method, (...args: unknown[]) => kuzushi(method, ...args)]),
  ) as unknown as KuzushiApi

  const base = config.apiBaseUrl.replace(/\/+$/, '')
  const loader = `${base}/widget/v1/loader.js`
  // Only `init` below starts anything: without this the loader would look for a config of the page's own.
  window.KuzushiConfig ??= null
  kuzushi._script ??= { src: loader, dataset: {} }
  const ready = new Promise<void>((resolve) => {
    const settle = () => {
      api.off('ready', settle)
      resolve()
    }
    api.on('ready', settle)
  })
  api.init(config)
  await import(/* @vite-ignore */ /* webpackIgnore: true */ loader)
  await ready
  return api
}
