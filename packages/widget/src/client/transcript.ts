import type { WireAttachment, WireCitation, WireMessage } from '../generated/wire'

/** One entry of the conversation as the reader sees it. */
export interface TranscriptEntry {
  messageId: string
  role: WireMessage['role']
  content: string
  createdAt: string
  /** The server's position; missing while only this page knows the entry. */
  seq?: number
  inReplyTo?: string
  citations: WireCitation[]
  /** The files that came with it. */
  attachments?: readonly WireAttachment[] | undefined
  /** What makes it a notice, shown apart from the answers. */
  notice?: WireMessage['notice']
  /**
   * Only of what this visitor wrote. `waiting`: the server is there and could not take it yet, it is sent again by itself;
   * `failed`: it is not.
   */
  delivery?: 'sending' | 'waiting' | 'sent' | 'failed'
  /** Why it was not taken, or, once it was sent, why it got no answer. */
  failure?: { code: string; retryable: boolean } | undefined
  /** Of what this visitor wrote: whoever answers has read it. */
  read?: true
  /** The answer is still being written. */
  streaming?: boolean
  /** Of an answer: whether it helped, in the visitor's opinion. */
  rating?: 'up' | 'down' | undefined
  /** The visitor stopped this answer before its end, or the answer to this before its first word. */
  stopped?: boolean | undefined
  /** Said in a call. */
  spoken?: true
}

export type Transcript = readonly TranscriptEntry[]

export function entryFrom(message: Omit<WireMessage, 'seq'> & { seq?: number }): TranscriptEntry {
  const {
    messageId,
    role,
    content,
    createdAt,
    seq,
    inReplyTo,
    citations,
    attachments,
    metadata,
    rating,
    notice,
  } = message
  const { channel, stopped } = (metadata ?? {}) as { channel?: unknown; stopped?: unknown }
  return {
    messageId,
    role,
    content,
    createdAt,
    citations: citations ?? [],
    ...(seq !== undefined && { seq }),
    attachments,
    ...(inReplyTo && { inReplyTo }),
    ...(rating && { rating }),
    ...(notice && { notice }),
    ...(role === 'user' && { delivery: 'sent' as const }),
    ...(stopped === true && { stopped }),
    ...(channel === 'voice' && { spoken: true as const }),
  }
}

/** Adds entries or replaces those with the same id, in the order the server gave; what it has not stored comes last. */
export function withEntries(transcript: Transcript, added: readonly TranscriptEntry[]): Transcript {
  const byId = new Map(transcript.map((entry) => [entry.messageId, entry]))
  for (const entry of added) {
    byId.set(entry.messageId, entry)
    // The server had begun to answer before it heard of the stop: then the answer says so itself.
    const question = byId.get(entry.inReplyTo ?? '')
    if (question?.stopped) byId.set(question.messageId, { ...question, stopped: undefined })
  }
  // Sorting is stable: entries without a position keep the order in which they came.
  return [...byId.values()].sort(
    (one, other) => (one.seq ?? Number.POSITIVE_INFINITY) - (other.seq ?? Number.POSITIVE_INFINITY) || 0,
  )
}

export function withChanges(
  transcript: Transcript,
  messageId: string,
  changes: { [Field in keyof TranscriptEntry]?: TranscriptEntry[Field] | undefined },
): Transcript {
  const entry = transcript.find((candidate) => candidate.messageId === messageId)
  return entry ? withEntries(transcript, [{ ...entry, ...changes } as TranscriptEntry]) : transcript
}

export interface TokenFrame {
  messageId: string
  delta: string
  /** Where `delta` starts in the answer, in UTF-16 units, which is what JavaScript strings count in. */
  offset: number
}

/**
 * Puts a piece of an answer where it belongs. A reconnect sends everything so far again: what repeats the text here changes
 * nothing. What differs from it belongs to an answer that was begun anew, after a crash for example, and takes its place, as
 * does an answer of another name: there is one at a time. `gap`: pieces before this one never came.
 */
export function withToken(
  transcript: Transcript,
  { messageId, delta, offset }: TokenFrame,
  now: string,
): { transcript: Transcript; gap: boolean } {
  const entry = transcript.find((candidate) => candidate.messageId === messageId)
  if (entry?.seq !== undefined) return { transcript, gap: false }
  const text = entry?.content ?? ''
  if (offset > text.length) return { transcript, gap: true }
  const content = text.startsWith(delta, offset) ? text : text.slice(0, offset) + delta
  const answer: TranscriptEntry = entry
    ? { ...entry, content, streaming: true }
    : { messageId, role: 'assistant', content, createdAt: now, citations: [], streaming: true }
  return { transcript: withEntries(entry ? transcript : withoutUnfinished(transcript), [answer]), gap: false }
}

/** Whoever answers has read this, and with it all that the visitor wrote before. */
export function withRead(transcript: Transcript, messageId: string): Transcript {
  const upTo = transcript.find((entry) => entry.messageId === messageId)?.seq
  return transcript.map((entry) =>
    upTo !== undefined && entry.role === 'user' && (entry.seq ?? Number.POSITIVE_INFINITY) <= upTo
      ? { ...entry, read: true }
      : entry,
  )
}

/** The question the server is answering now, or would be: the first open one after the last that was answered. */
export function questionInAnswer(transcript: Transcript): TranscriptEntry | undefined {
  const answered = new Set(transcript.map(({ inReplyTo }) => inReplyTo))
  const lastAnswered = transcript.reduce(
    (last, { messageId }, index) => (answered.has(messageId) ? index : last),
    -1,
  )
  return transcript
    .slice(lastAnswered + 1)
    .find(
      ({ role, delivery, failure, stopped }) =>
        role === 'user' && delivery === 'sent' && !failure && !stopped,
    )
}

/** Drops unfinished answers, as when the server said that the one being written failed. */
export function withoutUnfinished(transcript: Transcript): Transcript {
  return transcript.filter(({ role, seq }) => role === 'user' || seq !== undefined)
}
