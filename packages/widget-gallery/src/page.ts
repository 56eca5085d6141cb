import '@fontsource-variable/inter/wght.css'
import '@fontsource/noto-sans-arabic/arabic-400.css'
import '@fontsource/noto-sans-arabic/arabic-600.css'
import '@fontsource/noto-sans-sc/chinese-simplified-400.css'
import '@fontsource/noto-sans-sc/chinese-simplified-600.css'
import type {} from '@kuzushi/widget-loader'
import { pretend } from './pretend-server'
import { NOW, PROJECT, STORAGE_KEY, sessionStarted } from './samples'
import { STATES } from './states'
import { Visitor } from './visitor'

/** One state on a page of its own: `?state=welcome&scheme=dark&color=%23884400&locale=de`. */
const query = new URLSearchParams(location.search)
const name = query.get('state') ?? 'welcome'
const state = STATES[name]
if (!state) throw new Error(`there is no state ${name}`)

const RealDate = Date
window.Date = class extends RealDate {
  constructor(...parts: unknown[]) {
    super(...((parts.length ? parts : [NOW]) as [number]))
  }
  static override now = () => NOW
} as DateConstructor

if (state.hurried) {
  const inTime = window.setTimeout.bind(window)
  window.setTimeout = ((task: () => void, delay = 0, ...rest: never[]) =>
    inTime(task, delay / 500, ...rest)) as never
}

// A pointer that only lies there is nobody's.
if (state.kiosk)
  addEventListener('pointermove', (event) => event.stopImmediatePropagation(), { capture: true })

localStorage.clear()
sessionStorage.clear()
if (state.device) localStorage.setItem(STORAGE_KEY, JSON.stringify(state.device))
if (name === 'not-kept')
  Storage.prototype.setItem = () => {
    throw new DOMException('full', 'QuotaExceededError')
  }

const theme = { ...sessionStarted().theme, ...state.server?.session?.theme }
const scheme = query.get('scheme')
if (scheme === 'light' || scheme === 'dark') theme.colorScheme = scheme
const color = query.get('color')
if (color) theme.primaryColor = color
pretend({ ...state.server, session: { ...state.server?.session, theme } })

// The type of the page's own system would differ from machine to machine.
const type = new CSSStyleSheet()
type.replaceSync(`.theme { font-family: 'Inter Variable', 'Noto Sans Arabic', 'Noto Sans SC', sans-serif }`)

async function begin(): Promise<void> {
  const config = {
    projectId: PROJECT,
    locale: query.get('locale') ?? state?.locale ?? 'en-US',
    ...(state?.position && { position: state.position }),
    primaryColor: theme.primaryColor,
    ...(state?.greeting && { greeting: state.greeting }),
    ...(state?.kiosk && { kiosk: state.kiosk }),
  }
  let element: HTMLElement
  if (state?.inline) {
    window.KuzushiConfig = null
    element = document.createElement('kuzushi-widget')
    for (const [attribute, value] of Object.entries({ 'project-id': PROJECT, mode: 'inline' }))
      element.setAttribute(attribute, value)
    document.querySelector('main')?.replaceChildren(element)
    document.body.className = 'with-inline'
  } else window.KuzushiConfig = config
  const ready = new Promise<void>((resolve) => {
    window.Kuzushi ??= Object.assign(
      (method: string, ...args: unknown[]) => {
        window.Kuzushi?.q?.push({ method, args })
      },
      { q: [] as { method: string; args: unknown[] }[] },
    )
    window.Kuzushi('on', 'ready', () => resolve())
  })
  const snippet = document.createElement('script')
  snippet.src = '/widget/v1/snippet.js'
  document.head.append(snippet)
  await ready
  element ??= document.querySelector('kuzushi-widget') as HTMLElement
  const visitor = new Visitor(element as HTMLElement)
  if (!state?.closed && !state?.inline) window.Kuzushi?.('show')
  if (!state?.closed) await visitor.find('.panel .header')
  const { root } = visitor
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, type]
  const keepType = new MutationObserver(() => {
    if (root.adoptedStyleSheets.at(-1) !== type)
      root.adoptedStyleSheets = [...root.adoptedStyleSheets.filter((sheet) => sheet !== type), type]
  })
  keepType.observe(root, { subtree: true, childList: true })
  const connects =
    !state?.closed && state?.server?.socket !== 'silent' && !state?.hurried && !/^(unavailable)$/.test(name)
  if (connects) await visitor.find('.dot-on')
  // The views beside the chat, and what formats answers, come when there is a connection.
  if (connects) await visitor.find('.who-answers, .alarm, .rate, .refusal, .page, .notice, .loading')
  await new Promise((resolve) => setTimeout(resolve, 120))
  await state?.act?.(visitor)
  await document.fonts.ready
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 50)))
  await stillness(root)
  document.documentElement.dataset.ready = name
}

/** Waits for what comes to an end by itself: a panel that is still growing is measured too small. */
async function stillness(root: ShadowRoot): Promise<void> {
  const ending = root
    .getAnimations()
    .filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime))
  await Promise.allSettled(ending.map(({ finished }) => finished))
}

begin().catch((error) => {
  document.documentElement.dataset.failed = String(error)
  throw error
})
