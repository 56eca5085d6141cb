import type {} from '@kuzushi/widget-loader'
import type { DeviceRecord } from '../../../widget/src/client/device-record'
import type { Behaviour } from '../pretend-server'
import * as sample from '../samples'
import type { Visitor } from '../visitor'

/** Questions and answers of before. */
export const HISTORY = { history: sample.SHORT }
/** A device with a conversation that goes on. */
export const resuming = (preferences: Partial<DeviceRecord['preferences']> = {}): Partial<DeviceRecord> => ({
  widgetInstanceId: 'wgt_1',
  current: sample.kept(sample.SESSION),
  earlier: [],
  appearance: sample.APPEARANCE as never,
  preferences: { textSize: 1, ...preferences },
})
const patient = {
  token: 'patient',
  expiresAt: '2099-01-01T00:00:00.000Z',
  name: 'Jane Doe',
  email: 'jane@example.org',
}
/** The same, of a patient with an account. */
export const signedIn = { ...resuming(), patient }
/** A server that knows how long the patient stays signed in, in seconds. */
export const withLogin = (secondsLeft: number, secondsLeftAtMost = 40_000): Behaviour => ({
  ...HISTORY,
  calls: {
    'GET /v1/auth/login': { json: { idleTimeoutSeconds: 1800, secondsLeft, secondsLeftAtMost } },
    'POST /v1/auth/stay': { json: { idleTimeoutSeconds: 1800, secondsLeft, secondsLeftAtMost } },
  },
})
export const summary = (sessionId: string, messageCount: number, minutes: number) => ({
  sessionId,
  messageCount,
  createdAt: sample.minutesAgo(minutes + 5),
  lastActiveAt: sample.minutesAgo(minutes),
})
/** A device with two conversations of before, and a server that has them. */
export const EARLIER = {
  ...resuming(),
  earlier: [
    sample.kept('sess_knee', sample.minutesAgo(60 * 26)),
    sample.kept('sess_pool', sample.minutesAgo(60 * 24 * 9)),
  ],
}
export const ARCHIVE: Behaviour = {
  ...HISTORY,
  calls: {
    'GET /v1/sessions/sess_knee/messages': { json: { messages: sample.LONG } },
    'GET /v1/sessions/sess_pool/messages': { json: { messages: sample.UNKNOWN } },
    'GET /v1/sessions': {
      json: {
        sessions: [
          summary(sample.SESSION, 4, 30),
          summary('sess_knee', 2, 60 * 26),
          summary('sess_pool', 2, 60 * 24 * 9),
        ],
      },
    },
  },
}
/** Goes to another view. */
export const open = (view: 'history' | 'settings') => async (visitor: Visitor) => {
  window.Kuzushi?.('open', view)
  await visitor.find('.page')
}
