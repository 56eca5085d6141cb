import type { SessionStarted, WireCitation, WireMessage } from '../../widget/src/generated/wire'

/** The gallery's clock stands still here, so that it looks the same on every day. */
export const NOW = Date.parse('2026-03-17T14:32:00.000Z')

export const minutesAgo = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString()

export const PROJECT = 'gallery'
export const STORAGE_KEY = `kuzushi:${PROJECT}:`
export const SESSION = 'sess_current'

export const APPEARANCE = {
  app: { name: 'Lakeside' },
  theme: { primaryColor: '#1f5fbf', fontScale: 1, radius: '0.75rem', colorScheme: 'auto' },
  contact: {
    hospitalName: 'Lakeside Hospital',
    phone: '(555) 010-0300',
    hours: 'Every day, 7 am to 8 pm',
    emergencyNumber: '911',
  },
  uiHints: {
    welcomeMessage: 'Hello, how can we help?',
    widgetTitle: 'Ask Lakeside',
    inputPlaceholder: 'Type your question',
    sendButtonText: 'Send',
    voiceButtonText: 'Talk',
    endCallButtonText: 'End call',
    poweredByText: 'Answers come from Lakeside’s own pages',
    emptyStateMessage: 'People often ask',
    emptyStateSubtitle: '',
    suggestedQuestions: [
      'When can I visit somebody?',
      'How do I change an appointment?',
      'What does parking cost?',
    ],
  },
} satisfies Partial<SessionStarted>

export const sessionStarted = (changes: Partial<SessionStarted> = {}): SessionStarted => ({
  ...APPEARANCE,
  sessionId: SESSION,
  token: 'token',
  expiresAt: '2099-01-01T00:00:00.000Z',
  configVersion: 1,
  lastSeq: 0,
  features: { textChat: true, voice: false, fileUpload: false, signIn: true, identityRequired: false },
  chat: { wsUrl: 'wss://gallery.invalid/ws/chat' },
  voice: { enabled: false, signalingUrl: 'wss://gallery.invalid/ws/voice', rtcConfig: { iceServers: [] } },
  aiDisclosure:
    'An AI answers here, not a person. To talk with a person, call (555) 010-0300. In an emergency call 911.',
  ...changes,
})

export const message = (
  seq: number,
  role: WireMessage['role'],
  content: string,
  changes: Partial<WireMessage> = {},
): WireMessage => ({
  messageId: `msg_${seq}`,
  seq,
  role,
  content,
  createdAt: minutesAgo(40 - seq),
  ...(role === 'assistant' && { inReplyTo: `msg_${seq - 1}` }),
  ...changes,
})

const visiting: WireCitation = {
  articleId: 'art_1',
  title: 'Visiting hours',
  section: 'Adult wards',
  snippet:
    'Visitors are welcome on adult wards from 10 am to 8 pm, every day. Two people at a time may be in a room; others can wait in the day room on each floor.',
  url: 'https://lakeside.invalid/visiting',
}
const parking: WireCitation = {
  articleId: 'art_2',
  title: 'Parking',
  section: 'Rates',
  snippet: 'The first half hour is free. After that it is $2 an hour and $12 a day at most.',
  url: 'https://lakeside.invalid/parking',
}

export const SHORT = [
  message(1, 'user', 'When can I visit my mother?'),
  message(
    2,
    'assistant',
    'You can visit adult wards from **10 am to 8 pm**, every day. Two people at a time may be in the room.',
    { citations: [visiting] },
  ),
  message(3, 'user', 'And what does parking cost?'),
  message(
    4,
    'assistant',
    'The first half hour is free. After that parking costs **$2 an hour**, and **$12 a day** at most.',
    { citations: [parking], rating: 'up' },
  ),
]

export const LONG = [
  message(1, 'user', 'How do I prepare for my knee operation? I have never been in a hospital before.'),
  message(
    2,
    'assistant',
    `Here is what to do before a planned operation, step by step.

## A week before

1. Call the pre-admission desk at [(555) 010-0310](tel:+15550100310) and tell them which medicines you take. Do not stop any of them by yourself.
2. Arrange for somebody to take you home. You cannot drive for at least a day.
3. Read the letter that came with your appointment:
   - where to arrive, and when
   - what to bring

## The evening before

- Eat nothing after **midnight**. You may drink water until two hours before you arrive.
- Take a shower, and use no lotion.

> If you have a fever or a cough on that day, call us before you set out.

## What to bring

Your identity card, your insurance card, a list of your medicines, comfortable clothes and shoes with a closed heel. Leave jewellery at home. More is on https://lakeside.invalid/before-your-operation.`,
    { citations: [{ ...visiting, title: 'Before your operation', section: 'Step by step' }, parking] },
  ),
]

export const UNKNOWN = [
  message(1, 'user', 'Do you have a swimming pool?'),
  message(
    2,
    'assistant',
    'I don’t know. Our pages say nothing about that. The front desk at (555) 010-0300 can help, every day from 7 am to 8 pm.',
  ),
]

export const ARABIC = [
  message(1, 'user', 'متى يمكنني زيارة أمي؟'),
  message(
    2,
    'assistant',
    'يمكنك زيارة أقسام البالغين من **10 صباحًا إلى 8 مساءً** كل يوم. يُسمح بشخصين في الغرفة في الوقت نفسه.\n\n- المدخل الرئيسي\n- الطابق الثاني',
    { citations: [{ ...visiting, title: 'ساعات الزيارة', section: 'أقسام البالغين' }] },
  ),
  message(3, 'user', 'Thank you!'),
]

export const CHINESE = [
  message(1, 'user', '我什么时候可以探望母亲？'),
  message(
    2,
    'assistant',
    '成人病房每天**上午 10 点至晚上 8 点**可以探望，每次最多两人进入病房。其他人可以在每层的休息室等候。',
    { citations: [{ ...visiting, title: '探望时间', section: '成人病房' }] },
  ),
  message(3, 'user', '停车怎么收费？'),
]

export const EMERGENCY = [
  message(1, 'user', 'My father has crushing chest pain'),
  message(
    2,
    'system',
    'This may be an emergency. Call 911 now. Do not drive to the hospital yourself, and stay with him.',
    {
      notice: {
        code: 'EMERGENCY',
        numbers: [
          { number: '911', name: '' },
          { number: '(555) 010-0399', name: 'Lakeside emergency room' },
        ],
      },
    },
  ),
  message(
    3,
    'assistant',
    'Please call **911** now. I am a website assistant and cannot help in an emergency.',
    {
      inReplyTo: 'msg_1',
    },
  ),
]

export const kept = (sessionId: string, startedAt = minutesAgo(40)) => ({
  sessionId,
  token: sessionId,
  expiresAt: '2099-01-01T00:00:00.000Z',
  startedAt,
})

export const attachment = (fileId: string, name: string, mediaType: string, size: number) => ({
  fileId,
  name,
  mediaType,
  size,
})

export const FILES = [
  message(1, 'user', 'Is this the right form for a new patient?', {
    attachments: [
      attachment('file_1', 'registration form, both pages.pdf', 'application/pdf', 214_000),
      attachment('file_2', 'insurance card.jpg', 'image/jpeg', 1_480_000),
    ],
  }),
  message(
    2,
    'assistant',
    'New patients fill in the registration form, which is at the front desk as well.\n\nI can’t look into files myself; staff of Lakeside Hospital can open them. If it can’t wait, please call Lakeside Hospital at **(555) 010-0300**.',
    { citations: [{ ...visiting, title: 'Your first visit', section: 'What to bring' }] },
  ),
  message(3, 'user', '', {
    attachments: [attachment('file_3', 'letter.png', 'image/png', 96_000)],
  }),
]

/** A photo as a phone takes one: something to see in small. */
export async function photo(name: string): Promise<File> {
  const canvas = new OffscreenCanvas(320, 240)
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D
  context.fillStyle = '#c9dbe8'
  context.fillRect(0, 0, 320, 240)
  context.fillStyle = '#5b7c99'
  context.beginPath()
  context.arc(160, 120, 70, 0, 7)
  context.fill()
  return new File([await canvas.convertToBlob({ type: 'image/png' })], name, { type: 'image/png' })
}

export const paper = (name: string) => new File(['%PDF-1.7'], name, { type: 'application/pdf' })
