import * as sample from '../samples'
import { ARCHIVE, EARLIER, HISTORY, open, resuming } from './given'
import type { State } from './state'

/** The same in another place, size, colour or language. */
export const LOOK_STATES: Record<string, State> = {
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
}
