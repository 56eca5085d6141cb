import { describe, expect, test } from 'vitest'
import { stored } from '../testing/fake-server'
import { entryFrom, questionInAnswer, type Transcript, withEntries, withToken } from './transcript'

const NOW = '2026-01-01T10:00:00.000Z'

function contentAfter(...tokens: [offset: number, delta: string][]): {
  content: string | undefined
  gaps: number
} {
  let transcript: Transcript = []
  let gaps = 0
  for (const [offset, delta] of tokens) {
    const merged = withToken(transcript, { messageId: 'answer', offset, delta }, NOW)
    transcript = merged.transcript
    if (merged.gap) gaps += 1
  }
  return { content: transcript[0]?.content, gaps }
}

describe('merging pieces of an answer', () => {
  test('puts them one after the other', () => {
    expect(contentAfter([0, 'Visiting '], [9, 'hours'])).toEqual({ content: 'Visiting hours', gaps: 0 })
  })

  test('counts offsets in UTF-16 units', () => {
    expect(contentAfter([0, 'Hi 👋'], [5, '!'])).toEqual({ content: 'Hi 👋!', gaps: 0 })
  })

  test('takes a repeat of everything so far without repeating it', () => {
    expect(contentAfter([0, 'Visiting hours'], [0, 'Visiting']).content).toBe('Visiting hours')
    expect(contentAfter([0, 'Visiting '], [0, 'Visiting hours are']).content).toBe('Visiting hours are')
  })

  test('joins pieces that overlap', () => {
    expect(contentAfter([0, 'Visiting ho'], [9, 'hours']).content).toBe('Visiting hours')
  })

  test('reports a gap and shows nothing from behind it', () => {
    expect(contentAfter([0, 'Visit'], [9, 'hours'])).toEqual({ content: 'Visit', gaps: 1 })
  })

  test('an answer begun anew takes the place of what was there of it, as soon as it differs', () => {
    expect(contentAfter([0, 'You may visit'], [0, 'Visits']).content).toBe('Visits')
    expect(contentAfter([0, 'You may visit'], [0, 'You '], [4, 'can']).content).toBe('You can')
    expect(contentAfter([0, 'You may visit'], [0, 'You '], [4, 'may '], [8, 'visit from ten']).content).toBe(
      'You may visit from ten',
    )
  })

  test('an answer of another name takes the place of one that never ended, and of no stored one', () => {
    const before = withEntries([], [entryFrom(stored(1, 'assistant', 'Stored'))])
    const { transcript } = withToken(before, { messageId: 'one', offset: 0, delta: 'You may' }, NOW)
    const after = withToken(transcript, { messageId: 'other', offset: 0, delta: 'Visits' }, NOW).transcript
    expect(after.map(({ content }) => content)).toEqual(['Stored', 'Visits'])
  })

  test('leaves a finished answer alone', () => {
    const transcript = withEntries([], [entryFrom(stored(2, 'assistant', 'Done.'))])
    expect(withToken(transcript, { messageId: 'm2', offset: 0, delta: 'Late' }, NOW).transcript).toBe(
      transcript,
    )
  })
})

test('orders by the position the server gave, and what it has not stored comes last, in the order written', () => {
  const unsent = (messageId: string) => ({
    ...entryFrom({ ...stored(0, 'user', messageId), messageId }),
    seq: undefined,
  })
  const { seq: _one, ...first } = unsent('first')
  const { seq: _two, ...second } = unsent('second')
  const transcript = withEntries(
    [first, second],
    [3, 1].map((seq) => entryFrom(stored(seq, 'user', 'x'))),
  )
  expect(transcript.map(({ messageId }) => messageId)).toEqual(['m1', 'm3', 'first', 'second'])
})

test('knows which question is being answered', () => {
  const [first, second] = [stored(1, 'user', 'one'), stored(3, 'user', 'two')].map(entryFrom)
  const answer = entryFrom({ ...stored(2, 'assistant', 'yes'), inReplyTo: 'm1' })
  expect(questionInAnswer(withEntries([], [first, answer, second] as never))?.messageId).toBe('m3')
  expect(questionInAnswer(withEntries([], [first, answer] as never))).toBeUndefined()
})

test('keeps what matters of a stored answer', () => {
  const entry = entryFrom({ ...stored(2, 'assistant', 'Yes'), inReplyTo: 'm1', metadata: { stopped: true } })
  expect(entry).toMatchObject({ stopped: true, inReplyTo: 'm1', citations: [] })
})
