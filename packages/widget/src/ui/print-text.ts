const STYLE = `@page { margin: 20mm }
pre { margin: 0; font: 11pt/1.5 system-ui, sans-serif; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext }`

/** How long a browser may take to draw what it prints. */
const KEPT_MS = 60_000

/**
 * Prints a text, and nothing of the page: in a frame of our own that nobody sees, without markup or a style element, so that
 * no policy of the page has anything to object to.
 */
export function printText(root: ShadowRoot, text: string, language: string): void {
  const frame = document.createElement('iframe')
  frame.ariaHidden = 'true'
  frame.tabIndex = -1
  frame.className = 'print-frame'
  root.append(frame)
  const { contentWindow: view, contentDocument: content } = frame
  if (!view || !content) return
  // Of the frame's own kind: a sheet of ours is not taken there.
  const sheet = new (view as Window & typeof globalThis).CSSStyleSheet()
  sheet.replaceSync(STYLE)
  content.adoptedStyleSheets = [sheet]
  content.documentElement.lang = language
  content.body.appendChild(content.createElement('pre')).textContent = text
  view.focus()
  view.print()
  setTimeout(() => frame.remove(), KEPT_MS)
}
