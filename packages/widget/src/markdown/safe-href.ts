/** Only addresses that open a page, a mail or a call; never a script, never one relative to the hospital's page. */
export function safeHref(address: string): string | undefined {
  try {
    const { protocol, href } = new URL(address)
    return ['http:', 'https:', 'mailto:', 'tel:'].includes(protocol) ? href : undefined
  } catch {
    return undefined
  }
}
