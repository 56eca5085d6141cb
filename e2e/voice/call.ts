import { type Browser, expect, type Page } from '@playwright/test'
import type { HostSite } from '../environment/host-site'
import type { KuzushiServer } from '../environment/kuzushi-server'
import { type Course, callingPage } from './calling-page'
import { browserThatHears } from './microphone'

export const PROJECT = 'stmarys-patient-portal'

export interface StoredMessage {
  seq: number
  role: string
  content: string
  metadata?: { channel?: string; stopped?: boolean }
}

/** A browser whose microphone hears a recording once, from when it is opened on. */
export class Caller {
  readonly page: Page
  readonly #browser: Browser
  readonly #server: KuzushiServer

  private constructor(page: Page, browser: Browser, server: KuzushiServer) {
    this.page = page
    this.#browser = browser
    this.#server = server
  }

  static async open(
    server: KuzushiServer,
    site: HostSite,
    recording: string,
    change?: string,
  ): Promise<Caller> {
    const browser = await browserThatHears(recording)
    const page = await browser.newPage()
    const path = `/call-${Math.random().toString(36).slice(2)}`
    await page.goto(site.add(path, callingPage(server.url, PROJECT, change)))
    return new Caller(page, browser, server)
  }

  /** Presses the button, and does not wait. */
  async press(): Promise<void> {
    await this.page.getByRole('button', { name: 'Call' }).click()
  }

  /** Presses the button, and waits until sound can go through. */
  async call(): Promise<void> {
    await this.press()
    await expect.poll(async () => (await this.course()).connection).toBe('connected')
  }

  async hangUp(): Promise<void> {
    await this.page.getByRole('button', { name: 'End' }).click()
  }

  course(): Promise<Course> {
    return this.page.evaluate(() => (window as unknown as { course: Course }).course)
  }

  /** What was said and is done, as `role: text`. */
  async said(): Promise<string[]> {
    const { frames } = await this.course()
    return frames
      .filter(({ type, final }) => type === 'transcript' && final)
      .map(({ role, text }) => `${role}: ${text}`)
  }

  /** The sounds from the other side. */
  async heard(): Promise<Course['sounds']> {
    return (await this.course()).sounds.filter(({ who }) => who === 'voice')
  }

  /** How the call ended, once it has. */
  async ended(): Promise<unknown> {
    await expect.poll(async () => (await this.course()).closed).toBeDefined()
    return (await this.course()).frames.find(({ type }) => type === 'ended')?.reason
  }

  /** What the server keeps of the conversation. */
  async stored(): Promise<StoredMessage[]> {
    const { sessionId, token } = await this.page.evaluate(
      () => (window as unknown as { session: { sessionId: string; token: string } }).session,
    )
    const response = await fetch(`${this.#server.url}/v1/sessions/${sessionId}/messages?limit=200`, {
      headers: { Authorization: `Bearer ${token}` },
    })
    expect(response.status).toBe(200)
    return ((await response.json()) as { messages: StoredMessage[] }).messages
  }

  async close(): Promise<void> {
    await this.#browser.close()
  }
}
