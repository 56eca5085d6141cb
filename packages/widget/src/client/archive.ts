import type { SessionSummary } from '../generated/wire'
import { type Api, ApiProblem } from './api'
import type { ConversationState } from './conversation-state'
import type { DeviceStorage, KeptConversation } from './device-record'

/** A conversation this device can still read. */
export interface ArchivedConversation {
  kept: KeptConversation
  isCurrent: boolean
  /** Missing when the server could not be asked just now. */
  summary?: SessionSummary | undefined
  /** What the conversation began with, in the visitor's words. Missing when neither the page knows it nor the server could be asked. */
  firstQuestion?: string | undefined
}

/**
 * The conversations of this device in which something was said, the current one first. Those the server no longer has are
 * forgotten on the way. `onPage` is the current one as far as it is on screen.
 */
export async function listConversations(
  api: Api,
  storage: DeviceStorage,
  onPage: Pick<ConversationState, 'transcript' | 'olderCursor'>,
): Promise<ArchivedConversation[]> {
  const { current, earlier } = storage.read()
  const gone = new Set<string>()
  const ask = async (kept: KeptConversation, isCurrent: boolean): Promise<ArchivedConversation> => {
    const [summary, firstQuestion] = await Promise.all([
      api.summary(kept).catch((error: unknown) => {
        if (error instanceof ApiProblem && [401, 404, 410].includes(error.status)) gone.add(kept.sessionId)
        return undefined
      }),
      firstQuestionOf(api, kept),
    ])
    return {
      kept,
      isCurrent,
      summary,
      firstQuestion: firstQuestion ?? (isCurrent ? opening(onPage) : undefined),
    }
  }
  const all = await Promise.all([
    ...(current ? [ask(current, true)] : []),
    ...earlier.filter(({ sessionId }) => sessionId !== current?.sessionId).map((kept) => ask(kept, false)),
  ])
  if (gone.size)
    storage.update({ earlier: storage.read().earlier.filter(({ sessionId }) => !gone.has(sessionId)) })
  return all.filter(
    ({ kept, isCurrent, summary }) => (isCurrent || !gone.has(kept.sessionId)) && summary?.messageCount !== 0,
  )
}

/** A page of what a patient who is signed in can read. */
export interface PatientsConversations {
  conversations: ArchivedConversation[]
  /** The cursor of the next page, where there is one. */
  before?: string | undefined
}

/**
 * The conversations of the patient who is signed in, from all devices, newest first. Undefined: they are not signed in any more,
 * and this device has forgotten that they were.
 */
export async function listPatientsConversations(
  api: Api,
  storage: DeviceStorage,
  cursor?: string,
): Promise<PatientsConversations | undefined> {
  const { current, patient } = storage.read()
  if (!patient) return undefined
  const { token, expiresAt } = patient
  try {
    const { sessions, before } = await api.conversationsOf(token, cursor)
    const conversations = sessions
      .filter(({ messageCount }) => messageCount)
      .map(async (summary): Promise<ArchivedConversation> => {
        const { sessionId, createdAt } = summary
        const kept = { sessionId, token, expiresAt, startedAt: createdAt }
        const isCurrent = sessionId === current?.sessionId
        return { kept, isCurrent, summary, firstQuestion: await firstQuestionOf(api, kept) }
      })
    return { conversations: await Promise.all(conversations), before }
  } catch (error) {
    if (!(error instanceof ApiProblem && error.status === 401)) throw error
    storage.update({ patient: undefined })
    return undefined
  }
}

async function firstQuestionOf(api: Api, kept: KeptConversation): Promise<string | undefined> {
  const first = await api.messages(kept, { after: '0', limit: '1' }).catch(() => undefined)
  return first?.messages[0]?.content
}

/** Without older messages that are not here, what comes first here came first. */
function opening({
  transcript,
  olderCursor,
}: Pick<ConversationState, 'transcript' | 'olderCursor'>): string | undefined {
  return olderCursor ? undefined : transcript.find(({ role }) => role === 'user')?.content
}
