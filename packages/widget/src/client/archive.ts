import type { SessionSummary } from '../generated/wire'
import { type Api, ApiProblem } from './api'
import type { ConversationState } from './conversation'
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
    const [summary, first] = await Promise.all([
      api.summary(kept).catch((error: unknown) => {
        if (error instanceof ApiProblem && [401, 404, 410].includes(error.status)) gone.add(kept.sessionId)
        return undefined
      }),
      api.messages(kept, { after: '0', limit: '1' }).catch(() => undefined),
    ])
    const firstQuestion = first?.messages[0]?.content ?? (isCurrent ? opening(onPage) : undefined)
    return { kept, isCurrent, summary, firstQuestion }
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

/** Without older messages that are not here, what comes first here came first. */
function opening({
  transcript,
  olderCursor,
}: Pick<ConversationState, 'transcript' | 'olderCursor'>): string | undefined {
  return olderCursor ? undefined : transcript.find(({ role }) => role === 'user')?.content
}
