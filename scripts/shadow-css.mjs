// Makes Tailwind's output work inside a shadow root.

/**
 * `@property` rules are ignored in shadow trees, and with them the initial values that borders and shadows build on. Tailwind
 * has those values as ordinary declarations too, but behind an `@supports` for old browsers: this takes the rules out and the
 * declarations from behind their guard.
 */
export function forShadowRoot() {
  return {
    name: 'kuzushi:for-shadow-root',
    enforce: 'post',
    transform(code, id) {
      if (!/\.css\?inline/.test(id)) return undefined
      const match = /^export default (".*")\s*;?\s*$/s.exec(code.trim())
      if (!match) throw new Error(`unexpected shape of ${id}`)
      return { code: `export default ${JSON.stringify(adaptCss(JSON.parse(match[1])))}`, map: null }
    },
  }
}

export function adaptCss(css) {
  // The banner is of the generator, whose code this is not; every visitor would download it.
  const own = css.replace(/^\/\*! tailwindcss[^*]*\*\/\s*/, '')
  return unwrapSupports(own.replace(/@property\s+--[\w-]+\s*\{[^}]*\}/g, ''))
}

/** Replaces `@layer properties { @supports … { rules } }` by `@layer properties { rules }`. */
function unwrapSupports(css) {
  const start = /@layer properties\s*\{\s*@supports[^{]*\{/.exec(css)
  if (!start) return css
  const bodyStart = start.index + start[0].length
  let depth = 1
  let end = bodyStart
  for (; depth > 0 && end < css.length; end += 1) {
    if (css[end] === '{') depth += 1
    else if (css[end] === '}') depth -= 1
  }
  return `${css.slice(0, start.index)}@layer properties{${css.slice(bodyStart, end - 1)}${css.slice(end)}`
}
