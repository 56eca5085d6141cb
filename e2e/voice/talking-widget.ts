import { type Browser, expect, type Locator, type Page } from '@playwright/test'
import { embedCode, ordinaryPage } from '../environment/host-pages'
import type { HostSite } from '../environment/host-site'
import type { KuzushiServer } from '../environment/kuzushi-server'
import { Widget } from '../environment/widget'
import { PROJECT } from './call'
import { LISTEN, type Sound } from './hearing'
import { browserThatHears } from './microphone'

interface Watched {
  sounds: Sound[]
  peers: RTCPeerConnection[]
  asked: number
}

/** Watches what the widget does with the browser, from outside of it. */
const WATCH = `(() => {
${LISTEN}
const watched = (window.watched = { sounds: [], peers: [], asked: 0 })
const context = new AudioContext()
const Real = window.RTCPeerConnection
window.RTCPeerConnection = class extends Real {
  constructor(config) {
    super(config)
    watched.peers.push(this)
    this.addEventListener('track', ({ track }) => listen(context, 'voice', new MediaStream([track]), watched.sounds))
  }
  addTrack(track, stream) {
    listen(context, 'patient', stream, watched.sounds)
    return super.addTrack(track, stream)
  }
}
const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices)
if (ask) navigator.mediaDevices.getUserMedia = (constraints) => {
  watched.asked += 1
  return ask(constraints)
}
})()`

/** The widget on a hospital's page, in a browser that hears a recording. */
export class TalkingWidget extends Widget {
  readonly bar: Locator
  readonly talk: Locator
  readonly #browser: Browser
  readonly complaints: string[] = []

  private constructor(page: Page, browser: Browser) {
    super(page)
    this.#browser = browser
    this.bar = this.panel.getByRole('region', { name: 'Call', exact: true })
    this.talk = this.panel.getByRole('button', { name: 'Talk' })
    page.on('pageerror', (error) => this.complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text())
    })
  }

  static async open(server: KuzushiServer, site: HostSite, recording?: string): Promise<TalkingWidget> {
    const browser = await browserThatHears(recording)
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US' })
    await context.addInitScript(WATCH)
    const widget = new TalkingWidget(await context.newPage(), browser)
    const path = `/talk-${Math.random().toString(36).slice(2)}`
    await widget.page.goto(site.add(path, ordinaryPage({ body: embedCode(server.url, PROJECT) })))
    await widget.open()
    return widget
  }

  /** Presses the button, and waits until there is a call. */
  async call(): Promise<void> {
    await this.talk.click()
    await expect(this.bar).toHaveAttribute('data-phase', /listening|speaking/)
  }

  watched(): Promise<Pick<Watched, 'sounds' | 'asked'>> {
    return this.page.evaluate(() => {
      const { sounds, asked } = (window as unknown as { watched: Watched }).watched
      return { sounds, asked }
    })
  }

  /** What was heard from the other side. */
  async heard(): Promise<Sound[]> {
    return (await this.watched()).sounds.filter(({ who }) => who === 'voice')
  }

  async close(): Promise<void> {
    await this.#browser.close()
  }
}
