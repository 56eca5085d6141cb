import type { BrowserContext } from '@playwright/test'

interface KeptFile {
  status: number
  headers: Record<string, string>
  body: Buffer
}

/**
 * The widget's files, once fetched, come from here: a browser's own cache holds them as well, but a reload in a test may ask
 * for them again, and then they must be there while the server is not.
 */
export async function keepFiles(context: BrowserContext): Promise<void> {
  const files = new Map<string, KeptFile>()
  await context.route(/\/widget\/v1\//, async (route) => {
    const address = route.request().url()
    const kept = files.get(address)
    if (kept) return route.fulfill(kept)
    const response = await route.fetch()
    const file = { status: response.status(), headers: response.headers(), body: await response.body() }
    files.set(address, file)
    return route.fulfill(file)
  })
}
