import { expectAccessible } from '../environment/accessibility'
import { expect, states, test } from '../environment/gallery'

/**
 * Small things count: a missing icon is a thousandth of a phone's screen. What a single point may differ by is what the pictures
 * lose with most of their colours.
 */
const TOLERANCE = {
  maxDiffPixelRatio: 0.001,
  threshold: 0.25,
  animations: 'disabled',
  caret: 'hide',
} as const

const PHONE = { width: 360, height: 740, scheme: 'light' } as const
const TABLET = { width: 768, height: 800, scheme: 'dark' } as const
const DESKTOP = { width: 1440, height: 900, scheme: 'light' } as const

test.use({ locale: 'en-US', timezoneId: 'America/New_York' })

for (const { name, wide } of states)
  test(`${name} looks as it did, and axe finds nothing`, async ({ gallery, page }) => {
    for (const look of [PHONE, TABLET, ...(wide ? [DESKTOP] : [])]) {
      await gallery.show(name, look)
      await expect.soft(page).toHaveScreenshot(`${name}-${look.width}.png`, TOLERANCE)
      await expectAccessible(page, `${name}, ${look.width}, ${look.scheme}`, 'kuzushi-widget')
    }
  })
