import * as sample from '../samples'
import { ARCHIVE, EARLIER, open, signedIn, summary, withLogin } from './given'
import type { State } from './state'

/** Earlier conversations. */
export const HISTORY_STATES: Record<string, State> = {
  history: {
    wide: true,
    title: 'The conversations of this device',
    device: EARLIER,
    server: ARCHIVE,
    act: async (visitor) => {
      await open('history')(visitor)
      await visitor.find('.row')
    },
  },
  search: {
    title: 'Looking for what was said',
    device: EARLIER,
    server: ARCHIVE,
    act: async (visitor) => {
      await open('history')(visitor)
      await visitor.write('[type=search]', 'appointment call')
      await visitor.find('mark')
    },
  },
  'search-nothing': {
    title: 'What was looked for is nowhere',
    device: EARLIER,
    server: ARCHIVE,
    act: async (visitor) => {
      await open('history')(visitor)
      await visitor.write('[type=search]', 'helicopter')
      await visitor.find('.search-box + [role=status]:not(:empty)')
      await new Promise((resolve) => setTimeout(resolve, 400))
    },
  },
  found: {
    title: 'Where it was said',
    device: EARLIER,
    server: ARCHIVE,
    act: async (visitor) => {
      await open('history')(visitor)
      await visitor.write('[type=search]', 'swimming')
      await visitor.find('mark')
      visitor.root.querySelector<HTMLElement>('.row')?.click()
      await visitor.find('.found')
    },
  },
  'history-empty': {
    title: 'There are no conversations yet',
    server: { calls: { 'GET /v1/sessions': { json: { sessions: [summary(sample.SESSION, 0, 0)] } } } },
    act: open('history'),
  },
  'history-failed': {
    title: 'The conversations could not be loaded',
    device: signedIn,
    server: { ...withLogin(1800), calls: { ...withLogin(1800).calls, 'GET /v1/sessions': 'unreachable' } },
    act: async (visitor) => {
      await open('history')(visitor)
      await visitor.find('.empty [role=alert]')
    },
  },
  'earlier-conversation': {
    title: 'An earlier conversation',
    device: EARLIER,
    server: ARCHIVE,
    act: async (visitor) => {
      await open('history')(visitor)
      await visitor.find('.row')
      ;[...visitor.root.querySelectorAll<HTMLElement>('.row')].at(-1)?.click()
      await visitor.find('.page-end')
      await visitor.find('.message')
    },
  },
}
