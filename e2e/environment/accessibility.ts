import { expect, type Page } from '@playwright/test'
import axe from 'axe-core'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Fails with a readable list when axe finds anything at all, in the whole page or in one part of it. */
export async function expectAccessible(page: Page, state: string, part?: string): Promise<void> {
  // Put in by the debugger, so no policy of the page keeps it out.
  await page.evaluate(axe.source)
  const { violations, passes } = await page.evaluate(
    async ({ part, RULES }) => {
      // Colours are measured as they are drawn: nothing may be half faded in.
      const widget = document.querySelector('kuzushi-widget')?.shadowRoot
      for (const animation of [...document.getAnimations(), ...(widget?.getAnimations() ?? [])])
        if (animation.effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY) animation.finish()
      const { axe: engine } = window as unknown as { axe: typeof axe }
      const results = await engine.run(part ?? document, {
        runOnly: RULES,
        resultTypes: ['violations'],
      })
      return {
        passes: results.passes.length,
        violations: results.violations.map(({ id, impact, nodes }) => ({
          id,
          impact,
          where: nodes.map(
            ({ target, any }) =>
              `${target.flat().join(' ')}: ${any.map(({ message }) => message).join('; ')}`,
          ),
        })),
      }
    },
    { part, RULES },
  )
  expect(passes, 'axe looked at something').toBeGreaterThan(0)
  expect(violations, state).toEqual([])
}
