/* What crosses the wire. Written by `npm run generate` from openapi.json; change that, not this. */

/**
 * What a client sends.
 */
export type ClientFrame =
  | (Auth & {
      type: 'auth'
    })
  | (Init & {
      type: 'init'
    })
  | (UserMessage & {
      type: 'user_message'
    })
  | (Cancel & {
      type: 'cancel'
    })
  | (Typing & {
      type: 'typing'
    })
  | (Read & {
      type: 'read'
    })
  | (Feedback & {
      type: 'feedback'
    })
  | {
      type: 'ping'
    }
/**
 * Whether an answer helped.
 */
export type WireRating = 'up' | 'down'
/**
 * What the server sends.
 */
export type ServerFrame =
  | {
      lastSeq: number
      sessionId: string
      type: 'session_ack'
    }
  | {
      messageId: string
      seq: number
      type: 'ack'
    }
  | {
      status: Status
      type: 'status'
    }
  | {
      delta: string
      messageId: string
      offset: number
      type: 'token'
    }
  | (WireMessage & {
      type: 'message'
    })
  | {
      by: string
      messageId: string
      type: 'read'
    }
  | {
      messageId: string
      rating: WireRating | null
      type: 'rating'
    }
  | {
      type: 'pong'
    }
  | {
      code: WireNoticeCode
      content: string
      createdAt?: Timestamp
      /**
       * Of one that is stored.
       */
      messageId?: string
      /**
       * Whom to call, the most important first.
       */
      numbers?: WireNumber[]
      /**
       * 0 where it is no event of the conversation, or not stored yet.
       */
      seq: number
      type: 'notice'
    }
  | {
      code: ErrorCode
      message: string
      messageId?: string | null
      retryable: boolean
      type: 'error'
    }
export type Status = 'typing' | 'idle'
/**
 * A point in time: RFC 3339, UTC, with milliseconds.
 */
export type Timestamp = string
export type WireChannel = 'voice'
export type WireNoticeCode = 'EMERGENCY' | 'AI_DISCLOSURE' | 'LIMIT' | 'HANDOFF'
export type WireRole = 'user' | 'assistant' | 'agent' | 'system'
export type ErrorCode =
  | 'BAD_FRAME'
  | 'UNKNOWN_TYPE'
  | 'TOO_LARGE'
  | 'RATE_LIMITED'
  | 'AI_ERROR'
  | 'AI_TIMEOUT'
  | 'NOT_ALLOWED'
  | 'SESSION_ENDED'
  | 'INTERNAL'
/**
 * What a client sends on the voice socket, after `auth` where the URL held no token.
 */
export type VoiceClientFrame =
  | {
      sdp: SessionDescription
      sessionId?: string | null
      type: 'offer'
    }
  | {
      candidate: IceCandidate
      sessionId?: string | null
      type: 'ice-candidate'
    }
  | {
      type: 'end'
    }
export type SdpKind = 'offer' | 'answer'
/**
 * What the server sends on the voice socket.
 */
export type VoiceServerFrame =
  | {
      callId: string
      type: 'call'
    }
  | {
      sdp: SessionDescription
      type: 'answer'
    }
  | {
      candidate: IceCandidate
      type: 'ice-candidate'
    }
  | {
      final: boolean
      role: TranscriptRole
      text: string
      type: 'transcript'
    }
  | {
      state: CallState
      type: 'state'
    }
  | {
      /**
       * `hung_up`, `silence`, `lost` and so on.
       */
      reason: string
      type: 'ended'
    }
  | {
      code: string
      message: string
      type: 'error'
    }
export type TranscriptRole = 'user' | 'assistant'
export type CallState = 'listening' | 'thinking' | 'speaking'
export type WireColorScheme = 'auto' | 'light' | 'dark'

/**
 * The first frame, when the URL held no token.
 */
export interface Auth {
  sessionId: string
  token: string
}
/**
 * Asks for what was stored after `lastSeq`, or for everything.
 */
export interface Init {
  lastSeq?: number | null
  sessionId: string
}
/**
 * A message of the visitor.
 */
export interface UserMessage {
  /**
   * The ids of files that were sent before, in the order in which they are shown; ten at most.
   */
  attachments?: string[] | null
  /**
   * May be empty where files come with it.
   */
  content: string
  /**
   * The message's idempotency key within the session.
   */
  messageId: string
  metadata?: UserMessageMetadata | null
}
export interface UserMessageMetadata {
  /**
   * When the client says it sent the message, RFC 3339.
   */
  timestamp?: string | null
}
/**
 * Stops the answer to this message.
 */
export interface Cancel {
  messageId: string
}
export interface Typing {
  active: boolean
}
/**
 * The visitor has seen this message.
 */
export interface Read {
  messageId: string
}
/**
 * What the visitor thinks of an answer, in place of what they thought before.
 */
export interface Feedback {
  comment?: string | null
  /**
   * An answer of this conversation.
   */
  messageId: string
  rating: WireRating | null
}
/**
 * A stored message.
 */
export interface WireMessage {
  /**
   * The files that came with it.
   */
  attachments?: WireAttachment[]
  /**
   * What the answer rests on.
   */
  citations?: WireCitation[]
  content: string
  createdAt: Timestamp
  /**
   * The message that this one answers.
   */
  inReplyTo?: string
  messageId: string
  metadata?: WireMessageMetadata
  notice?: WireNotice
  rating?: WireRating
  /**
   * Why.
   */
  ratingComment?: string
  role: WireRole
  /**
   * 1, 2, 3… within the session.
   */
  seq: number
}
/**
 * A file that came with a message.
 */
export interface WireAttachment {
  fileId: string
  mediaType: string
  /**
   * What it is called, without folders and with the ending of what it is.
   */
  name: string
  /**
   * Bytes.
   */
  size: number
}
/**
 * An article that an answer rests on.
 */
export interface WireCitation {
  /**
   * Where on the page at `url` the passage begins: what follows the `#` of a link to it.
   */
  anchor?: string
  articleId: string
  /**
   * The heading of the passage.
   */
  section?: string
  /**
   * The beginning of the passage.
   */
  snippet?: string
  title: string
  /**
   * Absolute, or a path on the API's own origin.
   */
  url?: string
}
export interface WireMessageMetadata {
  channel?: WireChannel
  /**
   * The assistant says that it does not know. What it cites is no more than near.
   */
  noAnswer?: boolean
  /**
   * The visitor stopped the answer.
   */
  stopped?: boolean
  /**
   * When the client says it sent the message.
   */
  timestamp?: string
}
/**
 * What belongs to a notice beside its text.
 */
export interface WireNotice {
  code: WireNoticeCode
  /**
   * Whom to call, the most important first.
   */
  numbers: WireNumber[]
}
/**
 * A number to call.
 */
export interface WireNumber {
  /**
   * Whose it is; empty for the number for all emergencies.
   */
  name: string
  /**
   * As somebody dials it.
   */
  number: string
}
/**
 * A browser's `RTCSessionDescription`.
 */
export interface SessionDescription {
  sdp: string
  type: SdpKind
}
/**
 * A browser's `RTCIceCandidate`.
 */
export interface IceCandidate {
  /**
   * Empty where there are no more.
   */
  candidate: string
  sdpMLineIndex?: number | null
  sdpMid?: string | null
  usernameFragment?: string | null
}
export interface SessionInit {
  /**
   * The page's origin. A browser's `Origin` header counts as well; each that is present has to be allowed.
   */
  hostOrigin?: string | null
  /**
   * A BCP 47 language tag.
   */
  locale?: string | null
  /**
   * The page the widget is on. Query and fragment are not kept.
   */
  pageUrl?: string | null
  projectId: string
  userAgent?: string | null
  /**
   * A name the page gives its widget, kept for the page's next visit.
   */
  widgetInstanceId?: string | null
}
export interface SessionStarted {
  /**
   * That an AI answers, and how to reach a human; to be shown at the beginning of a conversation.
   */
  aiDisclosure: string
  app: AppName
  chat: ChatEndpoint
  /**
   * The config version that the session keeps.
   */
  configVersion: number
  contact: WireContact
  expiresAt: Timestamp
  features: WireFeatures
  /**
   * The `seq` of the session's newest message; 0 before the first.
   */
  lastSeq: number
  /**
   * Of how many of a hundred pages the widget measures itself. Left out: of none.
   */
  measuredPercent?: number
  sessionId: string
  theme: WireTheme
  /**
   * A JWT that opens this one session.
   */
  token: string
  uiHints: WireUiHints
  uploads?: WireUploads
  voice: VoiceEndpoint
}
export interface AppName {
  name: string
}
export interface ChatEndpoint {
  wsUrl: string
}
export interface WireContact {
  emergencyNumber: string
  hospitalName: string
  hours: string
  phone: string
}
export interface WireFeatures {
  fileUpload: boolean
  /**
   * Only those may write who have signed in, or whom the hospital's own site has identified.
   */
  identityRequired: boolean
  /**
   * Patients may sign in from the widget.
   */
  signIn: boolean
  textChat: boolean
  voice: boolean
}
export interface WireTheme {
  colorScheme: WireColorScheme
  fontScale: number
  primaryColor: string
  radius: string
}
export interface WireUiHints {
  emptyStateMessage: string
  emptyStateSubtitle: string
  endCallButtonText: string
  inputPlaceholder: string
  poweredByText: string
  sendButtonText: string
  suggestedQuestions: string[]
  voiceButtonText: string
  welcomeMessage: string
  widgetTitle: string
}
export interface WireUploads {
  /**
   * Bytes that one may have.
   */
  bytesPerFile: number
  filesPerMessage: number
}
export interface VoiceEndpoint {
  /**
   * Whether a call may be begun.
   */
  enabled: boolean
  rtcConfig: RtcConfig
  signalingUrl: string
  /**
   * Why not: `SWITCHED_OFF`, `NOT_BUILT`, `NO_MODELS`, `LOADING`, `NO_ADDRESS`, `NOT_SET_UP` or `NO_AGREEMENT`.
   */
  unavailable?: string
}
export interface RtcConfig {
  /**
   * What a browser's `RTCPeerConnection` takes. Credentials are this session's own, and expire: before a call that begins
   * later than that, ask again.
   */
  iceServers: IceServer[]
}
/**
 * A browser's `RTCIceServer`.
 */
export interface IceServer {
  credential?: string
  urls: string[]
  username?: string
}
export interface MessageList {
  /**
   * The cursor for newer messages, where there are any.
   */
  after?: string
  /**
   * The cursor for older messages, where there are any.
   */
  before?: string
  /**
   * Oldest first.
   */
  messages: WireMessage[]
}
export interface SessionList {
  /**
   * The cursor for older conversations, where there are any.
   */
  before?: string
  sessions: SessionSummary[]
}
export interface SessionSummary {
  createdAt: Timestamp
  endedAt?: Timestamp
  lastActiveAt: Timestamp
  messageCount: number
  sessionId: string
}
/**
 * How long a patient stays signed in. Seconds, because the clocks of devices are wrong.
 */
export interface LoginEnd {
  /**
   * How long they may do nothing.
   */
  idleTimeoutSeconds: number
  /**
   * Until they are signed out, unless they do something before.
   */
  secondsLeft: number
  /**
   * Until they are signed out however much they do.
   */
  secondsLeftAtMost: number
}
export interface LoginRequest {
  email: string
  password: string
  /**
   * The session of the token: the conversation that becomes the patient's.
   */
  sessionId: string
}
export interface SignedIn {
  expiresAt: Timestamp
  /**
   * A JWT that opens all conversations of the user, until they sign out or do nothing for a while.
   */
  token: string
  user: Patient
}
/**
 * A patient, as they see themselves.
 */
export interface Patient {
  /**
   * Missing where only the hospital's own site knows them.
   */
  email?: string
  name: string
  userId: string
}
export interface EndSession {
  /**
   * Destroys the content as well, for good.
   */
  erase?: boolean
}
export interface SessionEnded {
  endedAt: Timestamp
  /**
   * Whether its content is destroyed.
   */
  erased: boolean
  /**
   * Whether the hospital has to keep it for now. It opens for neither the visitor nor those who talk to patients any more, and
   * is erased as soon as it may be.
   */
  erasureDeferred: boolean
  sessionId: string
}
/**
 * An RFC 9457 problem document.
 */
export interface Problem {
  /**
   * A stable name, for programs.
   */
  code: string
  /**
   * What happened and what to do about it, for people.
   */
  detail: string
  /**
   * The fields at fault, where there are any.
   */
  errors?: FieldError[]
  status: number
  /**
   * The status in words.
   */
  title: string
  /**
   * Always `about:blank`: `code` tells problems apart.
   */
  type: string
}
/**
 * A field of a request that cannot be accepted.
 */
export interface FieldError {
  /**
   * The field's name; nested ones are joined by dots. Empty when the whole is wrong.
   */
  field: string
  /**
   * What is wrong with it, or what is wanted.
   */
  message: string
}
