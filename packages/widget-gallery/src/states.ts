import type {} from '@kuzushi/widget-loader'
import type { DeviceRecord } from '../../widget/src/client/device-record'
import { CALL_STATES } from './call-states'
import type { Behaviour } from './pretend-server'
import * as sample from './samples'
import type { Visitor } from './visitor'

/** One thing that a visitor can see. */
export interface State {
  title: string
  server?: Behaviour
  /** What an earlier visit left on the device. */
  device?: Partial<DeviceRecord>
  locale?: string
  position?: 'left'
  inline?: boolean
  /** The panel stays closed. */
  closed?: boolean
  greeting?: string
  /** Seconds until a shared computer is wiped. */
  kiosk?: number
  /** Differs on a wide screen by more than where it stands. */
  wide?: boolean
  /** What the visitor does to get there, once there is a connection. */
  act?: (visitor: Visitor) => Promise<void>
  /** Time passes quickly: what comes after many tries is here at once. */
  hurried?: boolean
}

const HISTORY = { history: sample.SHORT }
const resuming = (preferences: Partial<DeviceRecord['preferences']> = {}): Partial<DeviceRecord> => ({
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
const signedIn = { ...resuming(), patient }
const withLogin = (secondsLeft: number, secondsLeftAtMost = 40_000): Behaviour => ({
  ...HISTORY,
  calls: {
    'GET /v1/auth/login': { json: { idleTimeoutSeconds: 1800, secondsLeft, secondsLeftAtMost } },
    'POST /v1/auth/stay': { json: { idleTimeoutSeconds: 1800, secondsLeft, secondsLeftAtMost } },
  },
})
const summary = (sessionId: string, messageCount: number, minutes: number) => ({
  sessionId,
  messageCount,
  createdAt: sample.minutesAgo(minutes + 5),
  lastActiveAt: sample.minutesAgo(minutes),
})
const EARLIER = {
  ...resuming(),
  earlier: [
    sample.kept('sess_knee', sample.minutesAgo(60 * 26)),
    sample.kept('sess_pool', sample.minutesAgo(60 * 24 * 9)),
  ],
}
const ARCHIVE: Behaviour = {
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
const answerTo = (messageId: string, content: string) =>
  ({ type: 'token', messageId, delta: content, offset: 0 }) as const
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
const accepting: Behaviour = {
  ...HISTORY,
  onFrame(frame, socket) {
    if (frame.type === 'user_message') socket.push({ type: 'ack', messageId: frame.messageId, seq: 5 })
  },
}
const takingFiles: Behaviour = {
  ...HISTORY,
  session: {
    features: { textChat: true, voice: false, fileUpload: true, signIn: true, identityRequired: false },
    uploads: { bytesPerFile: 10 * 1024 * 1024, filesPerMessage: 5 },
  },
  upload(file) {
    if (file.name.startsWith('letter')) return 0.4
    if (file.name.startsWith('form')) return { status: 422, json: { code: 'FILE_UNSAFE' } }
    return { status: 201, json: sample.attachment('file_9', file.name, file.type, 381_000) }
  },
}
const open = (view: 'history' | 'settings') => async (visitor: Visitor) => {
  window.Kuzushi?.('open', view)
  await visitor.find('.page')
}

/** Every view in every state, by the name that its pictures have. */
export const STATES: Record<string, State> = {
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
  ended: {
    title: 'The conversation is over',
    device: resuming(),
    server: HISTORY,
    act: async (visitor) => {
      const { sockets } = await import('./pretend-server')
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
  'files-waiting': {
    wide: true,
    title: 'Files that go with the next message: one is here, one on its way, one was refused',
    device: resuming(),
    server: takingFiles,
    act: async (visitor) => {
      await visitor.find('.file-button')
      await visitor.choose(
        await sample.photo('knee.png'),
        sample.paper('letter of my family doctor, all of its pages.pdf'),
        sample.paper('form.pdf'),
      )
      await visitor.write('.composer textarea', 'Here is what you asked for.')
      await visitor.find('.file-problem')
      await visitor.find('.file-picture canvas')
    },
  },
  'files-drop': {
    title: 'A file hangs over the panel',
    device: resuming(),
    server: takingFiles,
    act: async (visitor) => {
      await visitor.find('.file-button')
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(sample.paper('form.pdf'))
      const over = { bubbles: true, composed: true, cancelable: true, dataTransfer }
      ;(await visitor.find('.messages')).dispatchEvent(new DragEvent('dragenter', over))
      await visitor.find('.file-drop')
    },
  },
  'files-sent': {
    title: 'Files that came with messages',
    device: resuming(),
    server: { ...takingFiles, history: sample.FILES },
    act: async (visitor) => void (await visitor.find('.file-received')),
  },
  kiosk: {
    title: 'Somebody may have left a shared computer',
    device: resuming(),
    server: HISTORY,
    kiosk: 60,
    act: async (visitor) => {
      const { NOW } = sample
      // It looks at the clock before it is turned.
      await visitor.find('.answer-foot button')
      await new Promise((resolve) => setTimeout(resolve, 100))
      Date.now = () => NOW + 40_000
      await visitor.find('.login-notice')
    },
  },
  emergency: { wide: true, title: 'An emergency', device: resuming(), server: { history: sample.EMERGENCY } },
  'rating-why': {
    title: 'Why an answer did not help',
    device: resuming(),
    server: HISTORY,
    act: (visitor) => visitor.press('Not helpful'),
  },

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
      await visitor.find('.problem:not(:empty)')
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
  settings: { wide: true, title: 'Settings', device: resuming(), server: HISTORY, act: open('settings') },
  'settings-signed-in': {
    title: 'Settings of a patient',
    device: signedIn,
    server: withLogin(1800),
    act: open('settings'),
  },
  erase: {
    title: 'Before everything is erased',
    device: resuming(),
    server: HISTORY,
    act: async (visitor) => {
      await open('settings')(visitor)
      await visitor.press('End and erase')
      await visitor.find('dialog.confirm')
    },
  },
  'erase-failed': {
    title: 'Nothing could be erased',
    device: resuming(),
    server: { ...HISTORY, calls: { [`POST /v1/sessions/${sample.SESSION}/end`]: 'unreachable' } },
    act: async (visitor) => {
      await open('settings')(visitor)
      await visitor.press('End and erase')
      await visitor.press('Erase')
      await visitor.find('dialog .problem:not(:empty)')
    },
  },
  'erase-kept': {
    title: 'The hospital keeps a copy',
    device: resuming(),
    server: {
      ...HISTORY,
      calls: {
        [`POST /v1/sessions/${sample.SESSION}/end`]: { json: { erased: false, erasureDeferred: true } },
      },
    },
    act: async (visitor) => {
      await open('settings')(visitor)
      await visitor.press('End and erase')
      await visitor.press('Erase')
      await visitor.gone('.button-erase')
    },
  },
  'sign-in': {
    title: 'Signing in',
    device: resuming(),
    server: HISTORY,
    act: async (visitor) => {
      await open('settings')(visitor)
      await visitor.press('Sign in')
      await visitor.find('[type=password]')
    },
  },
  'sign-in-wrong': {
    title: 'A wrong password',
    device: resuming(),
    server: {
      ...HISTORY,
      calls: { 'POST /v1/auth/login': { status: 401, json: { code: 'INVALID_CREDENTIALS' } } },
    },
    act: async (visitor) => {
      await open('settings')(visitor)
      await visitor.press('Sign in')
      await visitor.write('[type=email]', 'jane@example.org')
      await visitor.write('[type=password]', 'not this one')
      await visitor.press('Sign in')
      await visitor.find('.problem:not(:empty)')
    },
  },
  'login-ending': {
    title: 'Soon to be signed out',
    device: signedIn,
    server: withLogin(50),
    act: async (visitor) => void (await visitor.find('.login-notice')),
  },
  'login-over': {
    title: 'Signed out for want of a sign of life',
    device: signedIn,
    server: {
      ...HISTORY,
      calls: { 'GET /v1/auth/login': { status: 401, json: { code: 'SIGNED_OUT_IDLE' } } },
    },
    act: async (visitor) => void (await visitor.find('.login-notice')),
  },

  left: { wide: true, title: 'In the left corner', position: 'left', device: resuming(), server: HISTORY },
  inline: {
    wide: true,
    title: 'In the page’s own layout',
    inline: true,
    device: resuming(),
    server: { history: sample.LONG },
  },
  largest: { wide: true, title: 'The largest text', device: resuming({ textSize: 1.4 }), server: HISTORY },
  square: {
    wide: true,
    title: 'A yellow hospital without rounded corners',
    device: resuming(),
    server: {
      ...HISTORY,
      session: { theme: { primaryColor: '#ffd400', fontScale: 1, radius: '0', colorScheme: 'auto' } },
    },
  },
  arabic: {
    wide: true,
    title: 'Arabic, from right to left',
    locale: 'ar',
    device: resuming(),
    server: { history: sample.ARABIC },
  },
  chinese: {
    title: 'Chinese',
    locale: 'zh',
    device: resuming(),
    server: { history: sample.CHINESE },
  },
  'arabic-welcome': { title: 'Arabic, at the beginning', locale: 'ar' },
  'arabic-history': {
    title: 'Arabic, the conversations',
    locale: 'ar',
    device: EARLIER,
    server: ARCHIVE,
    act: async (visitor) => {
      await open('history')(visitor)
      await visitor.find('.row')
    },
  },
  'arabic-settings': {
    title: 'Arabic, settings',
    locale: 'ar',
    device: resuming(),
    server: HISTORY,
    act: open('settings'),
  },
  'german-settings': {
    title: 'German, with its long words',
    locale: 'de',
    device: resuming(),
    server: HISTORY,
    act: open('settings'),
  },
  'spanish-emergency': {
    title: 'Spanish, in an emergency',
    locale: 'es',
    device: resuming(),
    server: { history: sample.EMERGENCY },
  },

  ...CALL_STATES,
}
