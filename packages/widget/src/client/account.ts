import type { SignedIn } from '../generated/wire'
import { type Api, ApiProblem } from './api'
import type { DeviceStorage, KeptConversation } from './device-record'

/** Why somebody is not signed in. */
export type SignInProblem =
  | { kind: 'wrong' | 'taken' | 'unreachable' | 'failed' }
  | { kind: 'tooMany'; seconds: number }

/** Signs in and keeps it on the device. Returns what went wrong, if anything did. */
export async function signIn(
  api: Api,
  storage: DeviceStorage,
  conversation: KeptConversation | undefined,
  email: string,
  password: string,
): Promise<SignInProblem | undefined> {
  if (!conversation) return { kind: 'unreachable' }
  return keep(storage, api.signIn(conversation, email, password))
}

/** The same, by the word of the hospital's own site. */
export function identify(
  api: Api,
  storage: DeviceStorage,
  conversation: KeptConversation,
  identity: string,
): Promise<SignInProblem | undefined> {
  return keep(storage, api.identify(conversation, identity))
}

async function keep(storage: DeviceStorage, answer: Promise<SignedIn>): Promise<SignInProblem | undefined> {
  try {
    const { token, expiresAt, user } = await answer
    storage.update({ patient: { token, expiresAt, name: user.name, email: user.email } })
    return undefined
  } catch (error) {
    return problemOf(error)
  }
}

/** Ends it on the server. Rejects when that could not be reached; the token is then good until it expires. */
export async function signOut(api: Api, storage: DeviceStorage): Promise<void> {
  const { patient } = storage.read()
  if (!patient) return
  await api.signOut(patient.token).catch((error: unknown) => {
    // It has ended already.
    if (!(error instanceof ApiProblem && error.status === 401)) throw error
  })
}

function problemOf(error: unknown): SignInProblem {
  if (!(error instanceof ApiProblem)) return { kind: 'unreachable' }
  const { status, code, retryAfterMs = 60_000 } = error
  if (status === 429) return { kind: 'tooMany', seconds: Math.ceil(retryAfterMs / 1000) }
  if (code === 'INVALID_CREDENTIALS' || status === 400) return { kind: 'wrong' }
  if (code === 'SOMEBODY_ELSES') return { kind: 'taken' }
  return { kind: status >= 500 ? 'unreachable' : 'failed' }
}
