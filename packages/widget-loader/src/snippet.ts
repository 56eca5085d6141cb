import type { KuzushiGlobal } from './page-api.js'

// Every byte here is paid for on every page view, so it only queues commands and asks for the loader. An async function,
// because then whatever fails ends in its `catch` and never in the page. `import()` instead of a script tag, because a page
// that enforces Trusted Types refuses `script.src = …`.
;(async () => {
  const kuzushi: KuzushiGlobal = (window.Kuzushi ||= (method, ...args) => {
    kuzushi.q?.push({ method, args })
  })
  kuzushi.q ||= []
  if (!kuzushi._script) {
    kuzushi._script = document.currentScript as HTMLScriptElement
    await import(/* @vite-ignore */ String(new URL('loader.js', kuzushi._script.src)))
  }
  // biome-ignore lint/suspicious/noConsole: this is how a page's developers learn what is wrong
})().catch(console.error)
