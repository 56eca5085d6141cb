import { expect, type Locator, type Page } from '@playwright/test'
import { typed } from './canary'

/** What a visitor sees and does in one widget, by the names a screen reader would say. */
export class Widget {
  readonly page: Page
  readonly element: Locator
  readonly launcher: Locator
  readonly panel: Locator
  readonly input: Locator
  readonly sendButton: Locator
  readonly stopButton: Locator
  readonly transcript: Locator
  readonly questions: Locator
  readonly answers: Locator
  /** The region that speaks whole answers to a screen reader. */
  readonly announcer: Locator

  readonly #selector: string

  constructor(page: Page, selector = 'kuzushi-widget') {
    this.#selector = selector
    this.page = page
    this.element = page.locator(selector)
    this.launcher = this.element.locator('button.launcher')
    this.panel = this.element.locator('.panel')
    this.input = this.panel.getByRole('textbox', { name: 'Your message' })
    this.sendButton = this.panel.getByRole('button', { name: 'Send', exact: true })
    this.stopButton = this.panel.getByRole('button', { name: 'Stop the answer' })
    this.transcript = this.panel.getByRole('log', { name: 'Conversation' })
    this.questions = this.transcript.locator('.message-user')
    // Unlike a greeting and the dots of somebody writing, an answer says whose it is.
    this.answers = this.transcript.locator('.message-assistant:has(> .sr-only)')
    this.announcer = this.panel.locator(':scope > .sr-only[role=status]')
  }

  /** The same widget on another page. */
  on(page: Page): Widget {
    return new Widget(page, this.#selector)
  }

  /** Opens the panel, and waits until there is a connection. */
  async open(): Promise<void> {
    await this.launcher.click()
    await this.connected()
  }

  async connected(): Promise<void> {
    await expect(this.panel.getByText('Online')).toBeVisible()
  }

  /** Types into the message field, in the place of what is there. */
  async write(text: string): Promise<void> {
    await this.input.fill(typed(text))
  }

  async send(text: string): Promise<void> {
    await this.write(text)
    await this.input.press('Enter')
  }

  /** Asks, and waits for the whole answer. */
  async ask(question: string): Promise<Locator> {
    const before = await this.answers.count()
    await this.send(question)
    return this.wholeAnswer(before)
  }

  /** The answer at this place, once it is stored. */
  async wholeAnswer(index: number): Promise<Locator> {
    const answer = this.answers.nth(index)
    await expect(answer.locator('time')).toBeVisible({ timeout: 30_000 })
    return answer
  }

  source(title: string): Locator {
    return this.transcript.getByRole('link', { name: title })
  }

  async openView(name: 'Your conversations' | 'Settings'): Promise<void> {
    await this.panel.getByRole('button', { name, exact: true }).click()
    await expect(this.panel.getByRole('heading', { name, exact: true })).toBeVisible()
  }

  async back(): Promise<void> {
    await this.panel.getByRole('button', { name: 'Back to chat' }).click()
  }
}
