/** 128 random bits in hex. `crypto.randomUUID` exists only in secure contexts; this works on plain http too. */
function randomHex(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export const newMessageId = () => `msg_${randomHex()}`
export const newWidgetInstanceId = () => `wgt_${randomHex()}`
