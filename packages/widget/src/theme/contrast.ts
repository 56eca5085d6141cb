/** Colour arithmetic after WCAG 2.2, on sRGB channels from 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number]

export const WHITE: Rgb = [255, 255, 255]
export const BLACK: Rgb = [0, 0, 0]

/** Reads `#rgb` and `#rrggbb`; undefined for anything else. */
export function parseHex(text: string): Rgb | undefined {
  const digits = /^#((?:[\da-f]{3}){1,2})$/i.exec(text.trim())?.[1]
  if (!digits) return undefined
  const full = digits.length === 3 ? digits.replace(/./g, '$&$&') : digits
  return [0, 2, 4].map((at) => Number.parseInt(full.slice(at, at + 2), 16)) as unknown as Rgb
}

/** `#rgb` or `#rrggbb` as `#rrggbb`; undefined for anything else. */
export function completeHex(text: string): string | undefined {
  const color = parseHex(text)
  return color && toHex(color)
}

export function toHex(color: Rgb): string {
  return `#${color.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}

function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((channel) => {
    const value = channel / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** From 1 (the same) to 21 (black on white). */
export function contrast(one: Rgb, other: Rgb): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number]
  return (lighter + 0.05) / (darker + 0.05)
}

export function mix(one: Rgb, other: Rgb, share: number): Rgb {
  // Whole numbers: a ratio found here must hold for the colour as it is written down.
  return one.map((channel, index) =>
    Math.round(channel + ((other[index] as number) - channel) * share),
  ) as unknown as Rgb
}

/** The colour itself where it stands out enough from every background, else as little nearer to black or white as will do. */
export function atLeast(ratio: number, color: Rgb, backgrounds: readonly Rgb[]): Rgb {
  const least = (candidate: Rgb) =>
    Math.min(...backgrounds.map((background) => contrast(candidate, background)))
  const towards = least(WHITE) > least(BLACK) ? WHITE : BLACK
  for (let share = 0; share < 1; share += 0.04) {
    const candidate = mix(color, towards, share)
    if (least(candidate) >= ratio) return candidate
  }
  return towards
}

/** White or black, whichever reads better: one of them always reaches 4.5. */
export function inkOn(background: Rgb): Rgb {
  return contrast(WHITE, background) >= contrast(BLACK, background) ? WHITE : BLACK
}
