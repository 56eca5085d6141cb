import type { SessionStarted } from '../generated/wire'
import { atLeast, BLACK, inkOn, mix, parseHex, type Rgb, toHex, WHITE } from './contrast'

export type Scheme = 'light' | 'dark'

const DEFAULT_PRIMARY: Rgb = [11, 95, 173]
const TEXT_RATIO = 4.5
const CONTROL_RATIO = 3

/** The backgrounds that coloured text and controls stand on; the same values as in styles.css. */
const BACKGROUNDS: Record<Scheme, readonly Rgb[]> = {
  light: [
    [255, 255, 255],
    [241, 243, 246],
  ],
  dark: [
    [23, 24, 28],
    [38, 40, 46],
  ],
}

/** Custom properties for a hospital's theme. Whatever colour it chose, text reaches 4.5 to 1, and the edges of controls 3 to 1. */
export function themeProperties(
  theme: Partial<SessionStarted['theme']> | undefined,
  scheme: Scheme,
  textSize: number,
): Record<string, string> {
  const primary = parseHex(theme?.primaryColor ?? '') ?? DEFAULT_PRIMARY
  const backgrounds = BACKGROUNDS[scheme]
  const edge = atLeast(CONTROL_RATIO, primary, backgrounds)
  // In the light it stays the hospital's own, as it is, with an edge where it needs one: a yellow that is made darker is no yellow.
  const fill = scheme === 'light' ? primary : edge
  const ink = inkOn(fill)
  const tint = mix(backgrounds[0] as Rgb, edge, scheme === 'light' ? 0.08 : 0.16)
  return {
    '--kz-fill': toHex(fill),
    '--kz-fill-edge': toHex(edge),
    '--kz-fill-ink': toHex(ink),
    // Away from its ink: what is pointed at reads no worse.
    '--kz-fill-pressed': toHex(mix(fill, ink === WHITE ? BLACK : WHITE, 0.1)),
    '--kz-accent': toHex(atLeast(TEXT_RATIO, primary, [...backgrounds, tint])),
    '--kz-tint': toHex(tint),
    '--kz-text': String(clamp(theme?.fontScale ?? 1, 0.75, 2) * textSize),
    '--kz-radius': `${clamp(lengthInPixels(theme?.radius), 0, 24)}px`,
  }
}

function lengthInPixels(length: string | undefined): number {
  const value = Number.parseFloat(length ?? '')
  if (Number.isNaN(value)) return 12
  return length?.trim().endsWith('rem') ? value * 16 : value
}

const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most)
