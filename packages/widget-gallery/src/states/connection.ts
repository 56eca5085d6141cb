import * as sample from '../samples'
import { HISTORY, resuming } from './given'
import type { State } from './state'

/** The chat while there is no connection, or nothing is kept. */
export const CONNECTION_STATES: Record<string, State> = {
  connecting: { title: 'The first connection is being made', server: { socket: 'silent' } },
  'loading-history': {
    title: 'What was said is being fetched',
    device: resuming(),
    server: { session: { lastSeq: 4 }, calls: { [`GET /v1/sessions/${sample.SESSION}/messages`]: 'silent' } },
  },
  'never-connected': {
    title: 'There was no connection from the start',
    hurried: true,
    server: { calls: { 'POST /v1/widget/session/init': 'unreachable' } },
    act: async (visitor) => void (await visitor.find('.banner')),
  },
  reconnecting: {
    title: 'The connection was lost',
    device: resuming(),
    server: {
      ...HISTORY,
      onFrame(frame, socket) {
        if (frame.type === 'user_message') setTimeout(() => socket.drop())
      },
    },
    act: async (visitor) => {
      await visitor.send('Is there a café?')
      await visitor.find('.banner')
    },
  },
  offline: {
    title: 'The network is gone',
    device: resuming(),
    server: HISTORY,
    act: async (visitor) => {
      dispatchEvent(new Event('offline'))
      await visitor.find('.banner')
      await visitor.send('Is there a café?')
    },
  },
  'given-up': {
    title: 'Tried often enough',
    device: resuming(),
    hurried: true,
    server: {
      history: [],
      calls: { 'POST /v1/widget/session/init': { status: 503 } },
    },
    act: (visitor) => visitor.find('.banner button').then(() => {}),
  },
  'not-kept': {
    title: 'The browser keeps nothing',
    server: {},
    act: async (visitor) => void (await visitor.find('.banner-quiet')),
  },
}
