import * as sample from '../samples'
import { HISTORY, open, resuming, signedIn, withLogin } from './given'
import type { State } from './state'

/** Settings, and what they lead to: erasing everything, signing in, and the ends of both. */
export const SETTINGS_STATES: Record<string, State> = {
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
}
