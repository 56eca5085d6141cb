import type { VoiceServerFrame } from '../../../widget/src/generated/wire'
import type { CallBehaviour } from '../pretend-call'
import * as sample from '../samples'
import type { Visitor } from '../visitor'
import { resuming } from './given'
import type { State } from './state'

const voice = { ...sample.sessionStarted().voice, enabled: true }
const SERVER = { history: sample.SHORT, session: { voice } }
const DEVICE = resuming()
const TALK = { device: DEVICE, server: SERVER }

/** Presses the button, and waits for what is then to be seen. */
const call =
  (behaviour: CallBehaviour, shown: string, then?: (visitor: Visitor) => Promise<void>, button = 'Talk') =>
  async (visitor: Visitor) => {
    const { pretendCall } = await import('../pretend-call')
    pretendCall(behaviour)
    await visitor.press(button)
    await visitor.find(shown)
    // The meter, which follows what is heard, has come up.
    await new Promise((resolve) => setTimeout(resolve, 300))
    await then?.(visitor)
  }

const says = (role: 'user' | 'assistant', text: string): VoiceServerFrame => ({
  type: 'transcript',
  role,
  text,
  final: false,
})
const does = (state: 'listening' | 'thinking' | 'speaking'): VoiceServerFrame => ({ type: 'state', state })
const QUESTION = 'When can I visit my mother on the cardiology ward?'
const ANSWER =
  'You can visit adult wards from ten in the morning to eight in the evening, every day. Two people at a time may be in the room; others can wait in the day room on each floor.'
const spoken = { metadata: { channel: 'voice' } } as const

/** Every state of a call, by the name that its pictures have. */
export const CALL_STATES: Record<string, State> = {
  'call-ready': { title: 'The hospital has calls', ...TALK },
  'call-asking': {
    title: 'The browser asks for the microphone',
    ...TALK,
    act: call({ microphone: 'asks' }, '.call[data-phase=asking]'),
  },
  'call-listening': {
    wide: true,
    title: 'A call, while somebody speaks',
    ...TALK,
    act: call({ frames: [says('user', QUESTION)] }, '.call-caption'),
  },
  'call-thinking': {
    title: 'A call, before the answer',
    ...TALK,
    act: call({ frames: [does('thinking'), says('user', QUESTION)] }, '.call-caption'),
  },
  'call-speaking': {
    wide: true,
    title: 'A call, while the answer is read out',
    ...TALK,
    act: call({ frames: [does('speaking'), says('assistant', ANSWER)] }, '.call-caption'),
  },
  'call-muted': {
    title: 'A call with the microphone off, and its devices',
    ...TALK,
    act: call({}, '.call[data-phase=listening]', async (visitor) => {
      await visitor.press('Turn the microphone off')
      await visitor.press('Microphone and loudspeaker')
      await visitor.find('.call-devices select')
    }),
  },
  'call-reconnecting': {
    title: 'A call whose network changes',
    ...TALK,
    act: call({ frames: [says('user', QUESTION)] }, '.call-caption', async (visitor) => {
      const { PretendPeer } = await import('../pretend-call')
      PretendPeer.latest?.change('failed')
      await visitor.find('.call[data-phase=reconnecting]')
    }),
  },
  'call-blocked': {
    title: 'The microphone is blocked',
    ...TALK,
    act: call({ microphone: 'refuses' }, '.call-over'),
  },
  'call-over': {
    title: 'A call that ended by itself',
    ...TALK,
    act: call({ frames: [{ type: 'ended', reason: 'silence' }] }, '.call-over'),
  },
  'call-settings': {
    title: 'A call goes on in another view',
    ...TALK,
    act: call({ frames: [does('speaking')] }, '.call[data-phase=speaking]', async (visitor) => {
      window.Kuzushi?.('open', 'settings')
      await visitor.find('.page')
    }),
  },
  spoken: {
    title: 'What was spoken, and what was typed',
    device: DEVICE,
    server: {
      session: { voice },
      history: [
        sample.message(1, 'user', QUESTION, spoken),
        sample.message(2, 'assistant', ANSWER, spoken),
        ...sample.SHORT.slice(2),
      ],
    },
  },
  'arabic-call': {
    title: 'A call in Arabic',
    device: DEVICE,
    locale: 'ar',
    // Without its last question: after some seconds the widget says that nobody answered.
    server: { history: sample.ARABIC.slice(0, 2), session: { voice } },
    act: call(
      { frames: [does('speaking'), says('assistant', 'يمكنك زيارة أقسام البالغين كل يوم.')] },
      '.call-caption',
      undefined,
      'تحدث',
    ),
  },
}
