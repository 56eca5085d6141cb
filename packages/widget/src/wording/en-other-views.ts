/** What the views beside the chat say in English; they bring it along when they are opened. */
export const enOtherViews = {
  current: 'Current',
  untitled: 'Conversation',
  messageCount: (count: number) => `${count} ${count === 1 ? 'message' : 'messages'}`,
  noConversations: 'Nothing here yet. Conversations you have on this device appear here.',
  readOnly: 'An earlier conversation, to read only.',
  saveCopy: 'Save a copy',
  saveAsText: 'Text',
  saveAsJson: 'JSON',
  saveFailed: 'The copy could not be saved. Please try again.',

  textSize: 'Text size',
  textSizes: { small: 'Small', standard: 'Standard', large: 'Large', largest: 'Largest' },
  appearance: 'Appearance',
  appearances: { auto: 'Automatic', light: 'Light', dark: 'Dark' },
  language: 'Language',
  languageName: 'English',
  privacy: 'Privacy',
  endAndErase: 'End and erase',
  endAndEraseHint: 'Ends your conversations and erases them, on this device and at the hospital.',
  confirmTitle: 'End and erase everything?',
  confirmText:
    'All conversations of this device are erased for good. Save a copy first if you want to keep one.',
  confirm: 'Erase',
  cancel: 'Keep',
  eraseFailed: 'The hospital could not be reached, so nothing was erased yet.',
  forgetHere: 'Forget on this device only',
}
