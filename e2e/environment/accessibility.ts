import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Fails with a readable list when axe finds anything at all, in the whole page or in one part of it. */
export async function expectAccessible(page: Page, state: string, part?: string): Promise<void> {
  // Colours are measured as they are drawn: nothing may be half faded in.
  await page.evaluate(() => {
    const widget = document.querySelector('kuzushi-widget')?.shadowRoot
    for (const animation of [...document.getAnimations(), ...(widget?.getAnimations() ?? [])]) {
      if (animation.effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY) animation.finish()
    }
  })
  let axe = new AxeBuilder({ page }).withTags(RULES)
  if (part) axe = axe.include(part)
  const { violations, passes } = await axe.analyze()
  expect(passes.length, 'axe looked at something').toBeGreaterThan(0)
  expect(
    violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      where: nodes.map(
        ({ target, any }) => `${target.join(' ')}: ${any.map(({ message }) => message).join('; ')}`,
      ),
    })),
    state,
  ).toEqual([])
}
