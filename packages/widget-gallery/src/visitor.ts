/** Does in the widget what a visitor would, for a state that is only reached by doing something. */
export class Visitor {
  readonly element: HTMLElement

  constructor(element: HTMLElement) {
    this.element = element
  }

  get root(): ShadowRoot {
    return this.element.shadowRoot as ShadowRoot
  }

  /** Waits for an element of the widget. */
  find(selector: string): Promise<HTMLElement> {
    return this.#wait(selector, () => this.root.querySelector<HTMLElement>(selector))
  }

  /** Waits until an element has gone. */
  async gone(selector: string): Promise<void> {
    await this.#wait(`the end of ${selector}`, () => !this.root.querySelector(selector))
  }

  /** Waits for a button or a link, and uses it as with the keyboard. */
  async press(name: string): Promise<void> {
    const target = await this.#wait(name, () => {
      const buttons = [...this.root.querySelectorAll<HTMLElement>('button:not(:disabled), a')]
      return buttons.reverse().find((button) => (button.ariaLabel ?? button.textContent?.trim()) === name)
    })
    target.focus()
    target.click()
  }

  async write(selector: string, text: string): Promise<void> {
    const field = (await this.find(selector)) as HTMLTextAreaElement
    field.focus()
    field.value = text
    field.dispatchEvent(new InputEvent('input', { bubbles: true }))
  }

  async send(text: string): Promise<void> {
    await this.write('.composer textarea', text)
    await this.press('Send')
  }

  /** Chooses files, as from the browser's own window for it. */
  async choose(...files: File[]): Promise<void> {
    const input = (await this.find('input[type=file]')) as HTMLInputElement
    const chosen = new DataTransfer()
    for (const file of files) chosen.items.add(file)
    input.files = chosen.files
    input.dispatchEvent(new Event('change'))
  }

  async #wait<Found>(what: string, look: () => Found | null | undefined): Promise<Found> {
    for (let tries = 0; tries < 400; tries += 1) {
      const found = look()
      if (found) return found
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    throw new Error(`the widget never showed ${what}`)
  }
}
