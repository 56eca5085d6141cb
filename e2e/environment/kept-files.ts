import type { APIResponse, BrowserContext } from '@playwright/test'

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
    let response: APIResponse
    try {
      response = await route.fetch()
    } catch {
      // A test may stop the server at any time; the page finds out as it would without us.
      return route.abort('connectionfailed')
    }
    const file = { status: response.status(), headers: response.headers(), body: await response.body() }
    files.set(address, file)
    return route.fulfill(file)
  })
}
