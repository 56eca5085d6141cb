import { signOut } from './account'
import type { Api } from './api'
import type { DeviceStorage } from './device-record'

/**
 * Ends every conversation of this device and erases it on the server, while there is a token to ask with: it is the only key.
 * Resolves to whether the hospital has to keep one of them for now, and rejects when one of them could not be erased. Nobody is signed in afterwards.
 */
export async function eraseOnServer(api: Api, storage: DeviceStorage): Promise<boolean> {
  const { current, earlier } = storage.read()
  const all = [...(current ? [current] : []), ...earlier]
  const outcomes = await Promise.allSettled(all.map((kept) => api.endAndErase(kept)))
  const failed = outcomes.find(
    // 401, 404 and 410 mean that there is nothing left to erase.
    (outcome) => outcome.status === 'rejected' && ![401, 404, 410].includes(outcome.reason?.status),
  ) as PromiseRejectedResult | undefined
  if (failed) throw failed.reason
  await signOut(api, storage)
  return outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value)
}
