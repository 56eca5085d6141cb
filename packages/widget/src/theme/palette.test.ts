import { describe, expect, test } from 'vitest'
import { contrast, inkOn, parseHex, type Rgb, toHex } from './contrast'
import { type Scheme, themeProperties } from './palette'

const rgb = (hex: string | undefined) => parseHex(hex ?? '') as Rgb
/** What text and controls stand on; from styles.css. */
const BACKGROUNDS: Record<Scheme, string[]> = { light: ['#ffffff', '#f1f3f6'], dark: ['#17181c', '#26282e'] }
const COLORS = [
  '#ffffff',
  '#000000',
  '#ffff00',
  '#808080',
  '#0066cc',
  '#ff0000',
  '#00ff00',
  '#fce4ec',
  '#123456',
  '#777777',
  '#0b6b70',
  '#3a3f9e',
]

describe.each(['light', 'dark'] as const)('in the %s scheme', (scheme) => {
  test.each(COLORS)('a hospital that chose %s gets text and controls that can be read', (primaryColor) => {
    const properties = themeProperties({ primaryColor }, scheme, 1)
    const [fill, edge, pressed, ink, accent] = [
      '--kz-fill',
      '--kz-fill-edge',
      '--kz-fill-pressed',
      '--kz-fill-ink',
      '--kz-accent',
    ].map((name) => rgb(properties[name]))
    expect(contrast(fill as Rgb, ink as Rgb)).toBeGreaterThanOrEqual(4.5)
    expect(contrast(pressed as Rgb, ink as Rgb)).toBeGreaterThanOrEqual(4.5)
    for (const background of BACKGROUNDS[scheme]) {
      expect(contrast(edge as Rgb, rgb(background))).toBeGreaterThanOrEqual(3)
      expect(contrast(accent as Rgb, rgb(background))).toBeGreaterThanOrEqual(4.5)
    }
    // Suggested questions and quiet buttons: coloured text on the tint.
    expect(contrast(accent as Rgb, rgb(properties['--kz-tint']))).toBeGreaterThanOrEqual(4.5)
  })
})

test('whatever of the 4,096 short colours a hospital picks, all of it can be read', () => {
  for (const scheme of ['light', 'dark'] as const)
    for (let number = 0; number < 4096; number += 1) {
      const primaryColor = `#${number.toString(16).padStart(3, '0')}`
      const properties = themeProperties({ primaryColor }, scheme, 1)
      const [fill, edge, pressed, ink, accent, tint] = [
        'fill',
        'fill-edge',
        'fill-pressed',
        'fill-ink',
        'accent',
        'tint',
      ].map((name) => rgb(properties[`--kz-${name}`])) as [Rgb, Rgb, Rgb, Rgb, Rgb, Rgb]
      const grounds = BACKGROUNDS[scheme].map(rgb)
      const worst = Math.min(
        contrast(fill, ink),
        contrast(pressed, ink),
        ...[...grounds, tint].map((ground) => contrast(accent, ground)),
        // Edges need less: scaled to be held to the same number.
        ...grounds.map((ground) => contrast(edge, ground) * 1.5),
      )
      if (worst < 4.5) expect.fail(`${primaryColor} in ${scheme} reaches ${worst}`)
    }
})

test('a colour of the hospital stays what it is in the light, also one that stands out little', () => {
  expect(themeProperties({ primaryColor: '#ffd400' }, 'light', 1)).toMatchObject({
    '--kz-fill': '#ffd400',
    '--kz-fill-ink': '#000000',
  })
})

test('leaves a colour alone that can be read as it is', () => {
  expect(themeProperties({ primaryColor: '#0066cc' }, 'light', 1)['--kz-fill']).toBe('#0066cc')
})

test('ink on any grey reaches 4.5 to 1', () => {
  for (let grey = 0; grey < 256; grey += 1) {
    const color: Rgb = [grey, grey, grey]
    expect(contrast(color, inkOn(color))).toBeGreaterThanOrEqual(4.5)
  }
})

test.each([
  ['#abc', '#aabbcc'],
  ['#0B6B70', '#0b6b70'],
])('reads %s', (text, full) => {
  expect(toHex(rgb(text))).toBe(full)
})

test.each(['red', '#12', '#12345', 'rgb(0,0,0)', '', '#0066cc;color:red'])(
  'does not read %j, and falls back',
  (text) => {
    expect(parseHex(text)).toBeUndefined()
    expect(themeProperties({ primaryColor: text }, 'light', 1)['--kz-fill']).toBe('#0b5fad')
  },
)

test.each([
  ['0.5rem', '8px'],
  ['20px', '20px'],
  ['100rem', '24px'],
  ['wide', '12px'],
  [undefined, '12px'],
])('a radius of %s is %s, whatever the page sets its root font to', (radius, expected) => {
  expect(themeProperties(radius ? { radius } : {}, 'light', 1)['--kz-radius']).toBe(expected)
})

test('multiplies the text size of the hospital and of the reader', () => {
  expect(themeProperties({ fontScale: 1.25 }, 'light', 1.2)['--kz-text']).toBe('1.5')
})
