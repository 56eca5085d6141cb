import type { JSHandle, Page } from '@playwright/test'

/** Everything of a page that an embedded widget could touch. Held inside the page, because identities don't travel. */
export type Fingerprint = JSHandle<{ differences(): string[] }>

/** Remembers how the page is now; `differences` of the result says what has changed since. */
export function takeFingerprint(page: Page): Promise<Fingerprint> {
  return page.evaluateHandle(() => {
    const globals = Object.getOwnPropertyNames(window)

    /** Own properties of an object: what each one holds, by identity, without calling any getter. */
    const shapeOf = (object: object) =>
      new Map(
        Reflect.ownKeys(object).map((key) => {
          const { value, get, set } = Object.getOwnPropertyDescriptor(object, key) as PropertyDescriptor
          // Data changes all the time; functions and accessors don't.
          return [key, typeof value === 'function' ? [value] : [get, set]] as const
        }),
      )
    const watched = new Map<string, object>([['window', window]])
    for (const name of globals) {
      const value = Object.getOwnPropertyDescriptor(window, name)?.value
      if (typeof value !== 'function') continue
      watched.set(name, value)
      if (value.prototype) watched.set(`${name}.prototype`, value.prototype)
    }
    for (const name of ['Math', 'JSON', 'Reflect', 'console'] as const) watched.set(name, window[name])
    for (const name of [
      'document',
      'history',
      'location',
      'navigator',
      'customElements',
      'performance',
    ] as const)
      watched.set(name, window[name])
    const shapes = new Map([...watched].map(([name, object]) => [name, shapeOf(object)]))

    const attributesOf = (element: Element) =>
      [...element.attributes].map(({ name, value }) => `${name}=${value}`).join(' ')
    const stateOf = () => ({
      title: document.title,
      address: location.href,
      historyLength: history.length,
      historyState: JSON.stringify(history.state),
      head: document.head.innerHTML,
      html: attributesOf(document.documentElement),
      body: attributesOf(document.body),
      content: [...document.body.children]
        .filter(({ localName }) => localName !== 'kuzushi-widget')
        .map(({ outerHTML }) => outerHTML)
        .join('\n'),
      besideBody: [...document.documentElement.children].map(({ localName }) => localName).join(),
      styleSheets: [...document.styleSheets].map(({ cssRules }) => cssRules.length).join(),
      adoptedStyleSheets: document.adoptedStyleSheets.length,
      fonts: document.fonts.size,
      rootFontSize: getComputedStyle(document.documentElement).fontSize,
      bodyStyle: [...getComputedStyle(document.body)]
        .map((name) => `${name}:${getComputedStyle(document.body).getPropertyValue(name)}`)
        .join(';'),
      scroll: `${scrollX},${scrollY}`,
      cookies: document.cookie,
      storageOfOthers: [...Object.keys(localStorage), ...Object.keys(sessionStorage)]
        .filter((key) => !key.startsWith('kuzushi:'))
        .join(),
    })
    const before = stateOf()

    return {
      differences() {
        const found: string[] = []
        for (const name of Object.getOwnPropertyNames(window))
          if (!globals.includes(name)) found.push(`new global: ${name}`)
        for (const [name, object] of watched) {
          const [old, now] = [shapes.get(name) as ReturnType<typeof shapeOf>, shapeOf(object)]
          for (const key of new Set([...old.keys(), ...now.keys()])) {
            const [one, other] = [old.get(key), now.get(key)]
            const isNewGlobal = name === 'window' && !one
            if (!isNewGlobal && (!one || !other || one.some((part, index) => part !== other[index])))
              found.push(`changed: ${name}.${String(key)}`)
          }
        }
        const after = stateOf()
        for (const key of Object.keys(before) as (keyof typeof before)[])
          if (before[key] !== after[key]) found.push(`${key}: ${before[key]} → ${after[key]}`)
        return found
      },
    }
  })
}

export function differences(fingerprint: Fingerprint): Promise<string[]> {
  return fingerprint.evaluate((taken) => taken.differences())
}
