import { HostSite } from './host-site'

/** A hospital's website, each worker its own. */
export const site = [
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names from the pattern
  async ({}, use: (site: HostSite) => Promise<void>) => {
    const started = await HostSite.start()
    await use(started)
    await started.stop()
  },
  { scope: 'worker' },
] as const
