import type { Page } from '@playwright/test'

/** Calls `Kuzushi(method, ...args)` as the page's own script would. */
export function callKuzushi(page: Page, method: string, ...args: unknown[]): Promise<void> {
  return page.evaluate(
    ([name, ...rest]) => (window as unknown as KuzushiPage).Kuzushi(name as string, ...rest),
    [method, ...args],
  )
}

/** Listens to events of the widget in the page; what they carried, in the order in which they came. */
export async function listenTo(page: Page, names: string[], options?: { includeContent: boolean }) {
  const heard = await page.evaluateHandle(
    ({ names, options }) => {
      const events: HeardEvent[] = []
      for (const name of names)
        (window as unknown as KuzushiPage).Kuzushi(
          'on',
          name,
          (payload: Record<string, unknown>) => events.push({ name, payload }),
          options,
        )
      return events
    },
    { names, options },
  )
  return () => heard.jsonValue()
}

export interface HeardEvent {
  name: string
  payload: Record<string, unknown>
}

interface KuzushiPage {
  Kuzushi(method: string, ...args: unknown[]): void
}
