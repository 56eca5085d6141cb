/** Brings a message of a conversation to the top of what is seen, and points it out for a moment. Moves nothing of the page's. */
export function showMessage(scroller: HTMLElement, messageId: string): void {
  const message = messageIn(scroller, messageId)
  if (!message) return
  scroller.scrollTop += message.getBoundingClientRect().top - scroller.getBoundingClientRect().top - 16
  // Away first: what is looked for twice is pointed out twice.
  message.classList.remove('found')
  void message.offsetWidth
  message.classList.add('found')
}

export function messageIn(root: ParentNode, messageId: string): HTMLElement | undefined {
  return [...root.querySelectorAll<HTMLElement>('[data-message]')].find(
    ({ dataset }) => dataset.message === messageId,
  )
}
