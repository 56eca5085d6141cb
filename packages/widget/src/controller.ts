import type { InstanceSettings, WidgetHost } from '@kuzushi/widget-loader/widget-host'
import { identify, signOut } from './client/account'
import { Api } from './client/api'
import { Conversation } from './client/conversation'
import { DeviceStorage, type Preferences } from './client/device-record'
import { Draft } from './client/draft'
import { Presence } from './client/presence'
import type { TranscriptEntry } from './client/transcript'
import type { AttachedFile } from './client/uploading'
import type { WireAttachment } from './generated/wire'
import { formatting } from './markdown/formatted'
import { completeHex } from './theme/contrast'
import {
  createWidgetStore,
  currentPlace,
  type Place,
  type WidgetState,
  type WidgetStore,
} from './widget-state'
import { deliveryText } from './wording/delivery'
import { en, type Wording } from './wording/en'
import type { Catalogue } from './wording/languages'
import { counted, type Plural } from './wording/plural'
import { Speaking } from './wording/speech'

const LONGEST_MESSAGE = 8_000

/** What the views and the page's commands share: the state of one widget and everything that can be done with it. */
export class Controller {
  readonly host: WidgetHost
  readonly api: Api
  readonly storage: DeviceStorage
  readonly conversation: Conversation
  readonly store: WidgetStore
  readonly speaking: Speaking
  /** When the widget could be used, on the page's own clock. */
  readonly begun = performance.now()
  /** What the page's site says about who the visitor is, until the server has heard it. */
  #identity: string | undefined
  /** For whose sake the conversation of somebody else was left. */
  #leftFor: string | undefined
  readonly #presence = new Presence((frame) => this.conversation.tell(frame))
  readonly #noted = new Set<WidgetState['note']>()

  constructor(host: WidgetHost) {
    const { settings } = host
    this.host = host
    this.api = new Api(settings.apiBaseUrl)
    this.storage = new DeviceStorage(settings.storageKey, () => this.#note('conversationNotKept'))
    const draft = new Draft(settings.storageKey)
    const { preferences, unread, appearance, patient } = this.storage.read()
    this.store = createWidgetStore({
      open: settings.mode === 'inline',
      draft: draft.read(),
      locale: settings.locale || document.documentElement.lang || navigator.language,
      preferences,
      unread,
      appearance,
      patient,
    })
    this.store.subscribe((now, before) => {
      if (now.draft !== before.draft) draft.write(now.draft)
      if (now.speech !== before.speech) this.#drawLauncher()
    })
    this.speaking = new Speaking(this.store)
    this.conversation = new Conversation(this.api, this.storage, settings, () => this.#visit(), {
      onSession: (sessionId, resumed) => this.#sessionChanged(sessionId, resumed),
      onMessage: (entry) => this.#messageStored(entry),
      onSeen: () => this.#setUnread(0),
      onDelivery: (entry) => this.#delivery(entry),
      onReturned: (texts) => {
        this.#backToDraft(texts.join('\n\n'))
        this.#note('returned')
      },
      onForgotten: () => this.#forgotten(),
      onNotKept: () => this.#note('waitingNotKept'),
      onProblem: (code) => this.#problem(code),
    })
  }

  get settings(): InstanceSettings {
    return this.host.settings
  }

  /** All that is said in the language that is spoken; undefined of English. */
  get catalogue(): Catalogue | undefined {
    return this.store.getState().speech?.catalogue
  }

  get wording(): Wording {
    return this.catalogue?.chat ?? en
  }

  count(forms: Plural, count: number): string {
    return counted(forms, count, this.store.getState().speech?.language ?? 'en')
  }

  /** What a hospital may word itself. As long as it has not, it is worded in the language that is spoken. */
  ofHospital(text: string | undefined): string | undefined {
    return text && (this.catalogue?.hospitalDefaults[text] ?? text)
  }

  show({ takeFocus = true } = {}): void {
    const wasOpen = this.store.getState().open
    this.conversation.start()
    this.speaking.follow()
    this.store.setState({ open: true })
    if (takeFocus) this.askForFocus()
    this.#setUnread(0)
    this.#drawLauncher()
    this.#rememberOpen()
    this.#sees()
    if (!wasOpen) this.host.emit('show', () => ({}))
  }

  hide(): void {
    if (this.settings.mode === 'inline' || !this.store.getState().open) return
    const hadFocus = Boolean(this.host.root.activeElement)
    this.store.setState({ open: false })
    this.#drawLauncher()
    this.#rememberOpen()
    // After the panel has closed: nothing outside a modal dialog can take the focus.
    if (hadFocus) queueMicrotask(() => this.host.launcher?.focus())
    this.host.emit('hide', () => ({}))
  }

  go(place: Place): void {
    this.store.setState(({ places }) => ({
      places:
        place.name === 'chat'
          ? [place]
          : ([...places.filter(({ name }) => name !== place.name), place] as never),
    }))
    this.askForFocus()
  }

  back(): void {
    this.store.setState(({ places }) => (places.length > 1 ? { places: places.slice(0, -1) as never } : {}))
    this.askForFocus()
  }

  /** The view that is drawn next knows which of its elements to focus. */
  askForFocus(): void {
    this.store.setState(({ focusAsked }) => ({ focusAsked: focusAsked + 1 }))
  }

  send(text: string, attached: readonly AttachedFile[] = []): boolean {
    const content = text.trim()
    if (!(content || attached[0]) || content.length > LONGEST_MESSAGE) return false
    if (this.conversation.state.getState().refusal) return false
    if (!this.conversation.send(content, attached[0] && (attached as readonly WireAttachment[]))) return false
    if (this.store.getState().note === 'returned') this.store.setState({ note: undefined })
    return true
  }

  /** Makes a draft again of a message that was not sent. */
  takeBack(messageId: string): void {
    const { content = '', attachments = [] } = this.conversation.takeBack(messageId) ?? {}
    this.#backToDraft(content)
    this.store.setState(({ attached }) => ({ attached: [...attached, ...attachments] }))
    this.announce(this.wording.takenBack)
    this.askForFocus()
  }

  prefer(changes: Partial<Preferences>): void {
    const preferences = { ...this.store.getState().preferences, ...changes }
    this.store.setState({ preferences })
    this.storage.update({ preferences })
  }

  /** Goes by what the device knows of who is signed in. */
  followPatient(): void {
    this.store.setState({ patient: this.storage.read().patient })
  }

  /** Rejects, with somebody signed in still, when the server cannot be reached. */
  async signOut(): Promise<void> {
    if (!this.store.getState().patient) return
    await signOut(this.api, this.storage)
    this.leave()
  }

  /** Forgets on this device whoever is signed in. */
  leave(): void {
    this.conversation.leave()
    this.store.setState({ draft: '' })
    this.followPatient()
  }

  /** Has the site's word taken, once there is a conversation to take it in. It is good once. */
  async #identify(): Promise<void> {
    const { kept } = this.conversation
    const identity = this.#identity
    if (!kept || !identity) return
    this.#identity = undefined
    const problem = await identify(this.api, this.storage, kept, identity)
    if (problem?.kind === 'taken' && this.#leftFor !== identity) {
      // Somebody else was here before: what was theirs goes, and the next conversation is for whom the site means.
      this.#identity = identity
      this.#leftFor = identity
      this.leave()
    } else if (problem) this.#emitError('IDENTITY_REFUSED', 'the server did not take the identity')
    else this.followPatient()
  }

  announce(text: string): void {
    // A repeated text is only spoken again when it differs.
    const repeated = this.store.getState().announcement === text
    this.store.setState({ announcement: repeated ? `${text}\u00a0` : text })
  }

  /** Carries out a command of the page (contract: `Kuzushi(method, ...args)`). */
  call(method: string, [argument]: unknown[]): void {
    switch (method) {
      case 'show':
        return this.show()
      case 'restore':
        return this.show({ takeFocus: false })
      case 'hide':
        return this.hide()
      case 'toggle':
        return this.store.getState().open && this.settings.mode !== 'inline' ? this.hide() : this.show()
      case 'open':
        if (argument === 'history' || argument === 'settings') this.go({ name: argument })
        else this.go({ name: 'chat' })
        return this.show()
      case 'sendMessage':
        if (typeof argument !== 'string' || !argument.trim() || argument.trim().length > LONGEST_MESSAGE)
          return this.#emitError(
            'INVALID_MESSAGE',
            `sendMessage takes a text of 1 to ${LONGEST_MESSAGE} characters`,
          )
        if (!this.send(argument)) this.#emitError('UNAVAILABLE', 'this cannot be sent now')
        return
      case 'identify':
        this.#identity = isIdentity(argument) ? argument.token : undefined
        void (this.#identity ? this.#identify() : this.signOut().catch(() => this.leave()))
        return
      case 'setLocale':
        if (typeof argument === 'string' && argument) this.store.setState({ locale: argument })
        return
      case 'startVoice':
        this.store.setState({ callAsked: true })
        return this.show()
      case 'endVoice':
        return this.store.setState({ callAsked: false })
      case 'endSession':
        void this.#endSession()
        return
    }
  }

  /** Another tab of the site wrote the device's record. */
  storageChanged({ key, newValue }: StorageEvent): void {
    this.conversation.followOutbox(key)
    if (!this.storage.isAbout(key)) return
    // This tab may have written at the moment when the other one erased: that must not outlive the erasing.
    if (newValue === null && !this.storage.read().current) {
      this.storage.erase()
      this.conversation.endedElsewhere()
      this.#forgotten()
    }
    const { preferences, unread, patient } = this.storage.read()
    this.store.setState({ preferences, patient })
    if (!this.store.getState().open) this.#showUnread(unread)
    this.conversation.followDevice()
  }

  /** What was on the device is gone: this page, too, goes back to how it began. */
  #forgotten(): void {
    this.store.setState({
      preferences: this.storage.read().preferences,
      patient: undefined,
      draft: '',
      note: undefined,
    })
    this.#showUnread(0)
    this.#rememberOpen()
  }

  async #endSession(): Promise<void> {
    try {
      await this.conversation.endAndErase()
    } catch {
      // The page asked for the device to be clean; what the server still holds is worth an error.
      this.conversation.forget()
      this.#emitError('ERASE_FAILED', 'the conversation was forgotten on this device only')
    }
  }

  // The address without its query and fragment: those can hold what a patient looked for.
  #visit() {
    return {
      pageUrl: location.origin + location.pathname,
      hostOrigin: location.origin,
      userAgent: navigator.userAgent,
      locale: this.store.getState().preferences.language ?? this.store.getState().locale,
    }
  }

  #sessionChanged(sessionId: string | null, resumed: boolean): void {
    const { session } = this.conversation.state.getState()
    const { patient } = this.store.getState()
    this.followPatient()
    // They were away when it happened, and find an empty chat.
    if (sessionId && patient && !this.store.getState().patient) this.store.setState({ note: 'signedOut' })
    if (session) {
      const { app, theme, uiHints, contact } = session
      this.store.setState({ appearance: { app, theme, uiHints, contact } })
      // The loader draws the next page's launcher in this colour.
      const launcherColor = completeHex(theme.primaryColor)
      this.storage.update({ launcherColor, launcherLabel: this.#closedLabel() })
      if (launcherColor && !this.settings.primaryColor)
        this.host.launcher?.style.setProperty('--b', launcherColor)
    }
    // The end of a conversation is the end of what was being written for it.
    if (!sessionId) this.store.setState({ draft: '' })
    // Files were sent to the conversation before.
    if (!resumed) this.store.setState({ attached: [] })
    this.#rememberOpen()
    this.host.emit('session', () => ({ sessionId, resumed }))
    if (sessionId) void this.#identify()
  }

  #delivery(entry: TranscriptEntry): void {
    const { connection } = this.conversation.state.getState()
    this.announce(deliveryText(entry, connection, this.wording) ?? this.wording.sent)
  }

  #backToDraft(text: string): void {
    this.store.setState(({ draft }) => ({ draft: [draft, text].filter(Boolean).join('\n\n') }))
  }

  /** That something is not kept is said once in the life of a page. */
  #note(note: NonNullable<WidgetState['note']>): void {
    if (this.#noted.has(note)) return
    // Who knows that nothing is kept need not hear it of a part.
    if (note === 'conversationNotKept') this.#noted.add(note).add('waitingNotKept')
    else if (note === 'waitingNotKept') this.#noted.add(note)
    this.store.setState({ note })
  }

  #messageStored({ messageId, role, createdAt, content, notice, spoken }: TranscriptEntry): void {
    this.host.emit('message', (options = this.settings) => ({
      messageId,
      role,
      createdAt,
      ...(options.includeContent && { content }),
    }))
    if (role === 'user') return
    const { open, unread } = this.store.getState()
    if (open) {
      const reading = currentPlace(this.store.getState()).name === 'chat'
      const { part } = formatting.state.getState()
      this.#sees()
      // A notice speaks for itself, and what is spoken is heard.
      if (reading && !notice && !spoken)
        this.announce(`${this.wording.assistant}: ${part ? part.spoken(content) : content}`)
    } else this.#setUnread(unread + 1)
  }

  /** The visitor has before them what was said last. */
  #sees(): void {
    const { transcript } = this.conversation.state.getState()
    if (!document.hidden)
      this.#presence.seen(transcript.filter(({ role, seq }) => role !== 'user' && seq).pop()?.messageId)
  }

  #problem(code: string): void {
    if (this.conversation.state.getState().refusal === 'unavailable') {
      const reason =
        code === 'UNKNOWN_PROJECT'
          ? `projectId "${this.settings.projectId}" is not known to ${this.settings.apiBaseUrl}`
          : `the server refused this page (${code})`
      // biome-ignore lint/suspicious/noConsole: the one line that tells a page's developers what is wrong
      console.error(`Kuzushi: ${reason}`)
    }
    this.#emitError(code, code === 'UNKNOWN_PROJECT' ? 'unknown projectId' : 'the conversation met a problem')
  }

  #emitError(code: string, message: string): void {
    this.host.emit('error', () => ({ code, message }))
  }

  #setUnread(unread: number): void {
    if (this.store.getState().unread === unread) return
    this.#showUnread(unread)
    this.storage.update({ unread, launcherLabel: this.#closedLabel() })
  }

  #showUnread(unread: number): void {
    if (this.store.getState().unread === unread) return
    this.store.setState({ unread })
    this.#drawLauncher()
    this.host.emit('unread', () => ({ count: unread }))
  }

  #drawLauncher(): void {
    const { launcher } = this.host
    if (!launcher) return
    const { open, unread } = this.store.getState()
    launcher.title = ''
    launcher.ariaExpanded = String(open)
    launcher.lang = this.store.getState().speech?.language ?? ''
    launcher.ariaLabel = open ? this.wording.close : this.#closedLabel()
    if (unread && !open) launcher.dataset.unread = unread > 9 ? '9+' : String(unread)
    else delete launcher.dataset.unread
  }

  /** What the launcher is called while the panel is closed. */
  #closedLabel(): string {
    const { unread } = this.store.getState()
    return unread ? this.count(this.wording.openUnread, unread) : this.wording.open
  }

  /** For the next page of this tab: the loader opens the panel again where it was open and of use. */
  #rememberOpen(): void {
    try {
      const worthReopening =
        this.store.getState().open &&
        this.settings.mode !== 'inline' &&
        !this.conversation.state.getState().refusal
      if (worthReopening) sessionStorage.setItem(this.settings.storageKey, '1')
      else sessionStorage.removeItem(this.settings.storageKey)
    } catch {
      // Blocked: the panel then stays closed on the next page.
    }
  }
}

function isIdentity(value: unknown): value is { token: string } {
  return typeof (value as { token?: unknown } | null)?.token === 'string'
}
