import type { SessionInit, SessionStarted } from '../generated/wire'
import { type Api, ApiProblem } from './api'
import type { DeviceStorage, KeptConversation } from './device-record'
import { newWidgetInstanceId } from './identifiers'

export type Visit = Omit<SessionInit, 'projectId' | 'widgetInstanceId'>

export interface EstablishedSession {
  session: SessionStarted
  kept: KeptConversation
  resumed: boolean
}

/**
 * Resumes the conversation this device keeps, or begins one, as the patient who is signed in: when there is none, when the visitor has left it (`left` is its
 * id), or when the server no longer takes its token.
 */
export function establishSession(
  api: Api,
  storage: DeviceStorage,
  projectId: string,
  visit: Visit,
  left?: string,
): Promise<EstablishedSession> {
  return oneTabAtATime(`kuzushi:${projectId}`, async () => {
    const { current, patient, widgetInstanceId = newWidgetInstanceId() } = storage.read()
    const body = { projectId, widgetInstanceId, ...visit }
    const withTokenOf = (holder: {
      token: string
      expiresAt: string
    }): Promise<SessionStarted | undefined> | undefined =>
      Date.parse(holder.expiresAt) <= Date.now()
        ? undefined
        : api.initSession(body, holder.token).catch(nothingIfRefused)
    let session = current && current.sessionId !== left ? await withTokenOf(current) : undefined
    if (!session && patient) {
      session = await withTokenOf(patient)
      // Signed out elsewhere, or long ago: from here on it is anybody's widget again.
      if (!session) storage.update({ patient: undefined })
    }
    session ??= await api.initSession(body)
    const resumed = session.sessionId === current?.sessionId
    const kept: KeptConversation = {
      sessionId: session.sessionId,
      token: session.token,
      expiresAt: session.expiresAt,
      startedAt: (resumed && current?.startedAt) || new Date().toISOString(),
    }
    const { app, theme, uiHints, contact } = session
    storage.update({ widgetInstanceId, current: kept, appearance: { app, theme, uiHints, contact } })
    return { session, kept, resumed }
  })
}

function nothingIfRefused(error: unknown): undefined {
  if (error instanceof ApiProblem && (error.status === 401 || error.status === 410)) return undefined
  throw error
}

/** Two tabs that open at once must not begin two conversations. Where the browser has no locks, the last one wins. */
function oneTabAtATime<T>(name: string, task: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks
  return locks ? (locks.request(name, task) as Promise<T>) : task()
}
