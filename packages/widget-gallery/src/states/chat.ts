import type { Behaviour } from '../pretend-server'
import * as sample from '../samples'
import { HISTORY, resuming } from './given'
import type { State } from './state'

const answerTo = (messageId: string, content: string) =>
  ({ type: 'token', messageId, delta: content, offset: 0 }) as const
const accepting: Behaviour = {
  ...HISTORY,
  onFrame(frame, socket) {
    if (frame.type === 'user_message') socket.push({ type: 'ack', messageId: frame.messageId, seq: 5 })
  },
}
const refusing: Behaviour = {
  ...HISTORY,
  onFrame(frame, socket) {
    if (frame.type === 'user_message')
      socket.push({
        type: 'error',
        code: 'NOT_ALLOWED',
        message: '',
        messageId: frame.messageId,
        retryable: false,
      })
  },
}
const failing = (code: 'AI_ERROR' | 'AI_TIMEOUT'): Behaviour => ({
  ...HISTORY,
  onFrame(frame, socket) {
    if (frame.type !== 'user_message') return
    const { messageId } = frame
    socket.push(
      { type: 'ack', messageId, seq: 5 },
      { type: 'error', code, message: '', messageId, retryable: true },
    )
  },
})

/** The chat, from the launcher to an answer: what is said, and what comes of it. */
export const CHAT_STATES: Record<string, State> = {
  launcher: { wide: true, title: 'The launcher', closed: true },
  'launcher-unread': {
    title: 'Something came while it was closed',
    closed: true,
    device: { ...resuming(), unread: 3 },
    server: HISTORY,
    act: (visitor) =>
      visitor.find('.launcher').then((launcher) => void launcher.dispatchEvent(new Event('pointerenter'))),
  },
  greeting: {
    wide: true,
    title: 'A word beside the launcher',
    closed: true,
    hurried: true,
    greeting: 'Looking for visiting hours? Ask us anything.',
    act: async (visitor) => void (await visitor.find('.greeting-text')),
  },
  welcome: { wide: true, title: 'Nothing was said yet' },
  'welcome-plain': {
    title: 'A hospital that worded nothing itself',
    server: {
      session: {
        uiHints: {
          ...sample.APPEARANCE.uiHints,
          welcomeMessage: 'Hello! How can we help you today?',
          widgetTitle: 'Ask us',
          poweredByText: 'Powered by Kuzushi',
          emptyStateMessage: 'Ask a question to begin',
          emptyStateSubtitle: 'Answers come from information the hospital has approved.',
          suggestedQuestions: [],
        },
      },
    },
  },
  conversation: { wide: true, title: 'Questions and answers', device: resuming(), server: HISTORY },
  'long-answer': { wide: true, title: 'A long answer', device: resuming(), server: { history: sample.LONG } },
  unknown: { title: 'An answer that there is none', device: resuming(), server: { history: sample.UNKNOWN } },
  passage: {
    title: 'The words of a source',
    device: resuming(),
    server: HISTORY,
    act: (visitor) => visitor.press('Show the passage from Parking'),
  },
  typing: {
    title: 'The assistant has begun',
    device: resuming(),
    server: { ...accepting, frames: [{ type: 'status', status: 'typing' }] },
  },
  streaming: {
    title: 'An answer is coming in',
    device: resuming(),
    server: {
      ...HISTORY,
      frames: [
        { type: 'status', status: 'typing' },
        answerTo('msg_6', 'The main entrance is on Mill Lane. From the parking garage take the'),
      ],
    },
  },
  stopped: {
    title: 'The visitor stopped an answer',
    device: resuming(),
    server: {
      history: [
        ...sample.SHORT.slice(0, 3),
        sample.message(4, 'assistant', 'The first half hour is free. After that', {
          metadata: { stopped: true },
        }),
      ],
    },
  },
  draft: {
    title: 'A draft of several lines',
    device: resuming(),
    server: HISTORY,
    act: (visitor) =>
      visitor.write('.composer textarea', 'Two more questions:\nIs there a café?\nMay children come along?'),
  },
  'too-long': {
    title: 'A draft that is too long',
    device: resuming(),
    server: HISTORY,
    act: (visitor) => visitor.write('.composer textarea', 'Is there a café? '.repeat(500)),
  },
  'answer-failed': {
    title: 'The answer failed',
    device: resuming(),
    server: failing('AI_ERROR'),
    act: (visitor) => visitor.send('Is there a café?'),
  },
  refused: {
    title: 'A message was not taken',
    device: resuming(),
    server: refusing,
    act: (visitor) => visitor.send('Is there a café?'),
  },
  emergency: { wide: true, title: 'An emergency', device: resuming(), server: { history: sample.EMERGENCY } },
  'rating-why': {
    title: 'Why an answer did not help',
    device: resuming(),
    server: HISTORY,
    act: (visitor) => visitor.press('Not helpful'),
  },
  ended: {
    title: 'The conversation is over',
    device: resuming(),
    server: HISTORY,
    act: async (visitor) => {
      const { sockets } = await import('../pretend-server')
      sockets.at(-1)?.drop(4008)
      await visitor.find('.button-primary')
    },
  },
  unavailable: {
    title: 'The server refuses the page',
    device: { ...resuming(), current: undefined as never },
    server: {
      calls: { 'POST /v1/widget/session/init': { status: 403, json: { code: 'ORIGIN_NOT_ALLOWED' } } },
    },
    act: async (visitor) => void (await visitor.find('.emblem')),
  },
}
