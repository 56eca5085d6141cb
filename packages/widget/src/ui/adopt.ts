const sheets = new Map<string, CSSStyleSheet>()

/** Gives a shadow root a style sheet, once. A constructed one: a page's Content Security Policy has nothing to object to. */
export function adopt(root: ShadowRoot, css: string): void {
  let sheet = sheets.get(css)
  if (!sheet) {
    sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    sheets.set(css, sheet)
  }
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
}
