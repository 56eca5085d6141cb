import type { Plural } from './plural'

/** What the views beside the chat say in English; they bring it along when they are opened. */
export const enOtherViews = {
  current: 'Current',
  untitled: 'Conversation',
  messageCount: { one: '{count} message', other: '{count} messages' } as Plural,
  noConversations: 'Nothing here yet. Conversations you have on this device appear here.',
  readOnly: 'An earlier conversation, to read only.',
  saveCopy: 'Save a copy',
  saveAsText: 'Text',
  saveAsJson: 'JSON',
  print: 'Print',
  saveFailed: 'The copy could not be saved. Please try again.',

  noConversationsYet: 'Nothing here yet. Your conversations appear here, on every device where you sign in.',
  moreConversations: 'Show earlier conversations',
  search: 'Search your conversations',
  searching: 'Searching…',
  found: { one: '{count} message found', other: '{count} messages found' } as Plural,
  searchIncomplete: 'Some conversations could not be searched.',

  showPassage: 'Show the passage from {title}',
  copy: 'Copy',
  copied: 'Copied.',
  copyFailed: 'This could not be copied.',

  ratingQuestion: 'Was this answer helpful?',
  ratingUp: 'Helpful',
  ratingDown: 'Not helpful',
  ratingThanks: 'Thank you for telling us.',
  ratingThanksAndWhy: 'Thank you for telling us. Below you can say why.',
  ratingTakenBack: 'Your rating is taken back.',
  ratingWhy: 'What was wrong or missing? (optional)',
  ratingSend: 'Send',
  ratingSkip: 'Skip',

  spoken: 'Spoken',

  closeGreeting: 'Close this greeting',

  emergencyTitle: 'In an emergency',
  dismissNotice: 'Put this notice away',
  toAPerson: 'To talk with a person: {number}',

  account: 'Account',
  signIn: 'Sign in',
  signInHint: 'With your hospital account you find your conversations on every device.',
  email: 'E-mail address',
  password: 'Password',
  show: 'Show',
  hide: 'Hide',
  showPassword: 'Show password',
  hidePassword: 'Hide password',
  signingIn: 'Signing in…',
  signedIn: 'You are signed in.',
  emailMissing: 'Please enter your e-mail address, such as jane@example.org.',
  passwordMissing: 'Please enter your password.',
  signInWrong: 'The e-mail address or the password is not right. Please try again.',
  signInTaken: 'Somebody else has signed in to this conversation. Start a new one, and sign in there.',
  signInTooMany: {
    one: 'Too many attempts. Please try again in a second.',
    other: 'Too many attempts. Please try again in {count} seconds.',
  } as Plural,
  signInUnreachable: 'The hospital cannot be reached at the moment. Please try again.',
  signInFailed: 'This did not work. Please reload the page and try again.',
  sharedDevice: 'On a shared device, sign out in the settings when you are done.',
  signedInAs: 'You are signed in as {name}',
  yourself: 'a patient of the hospital',
  signOut: 'Sign out',
  signedOut: 'You are signed out.',
  staySignedIn: 'Stay signed in',
  staysSignedIn: 'You stay signed in.',
  endsIdle: {
    one: 'Nothing was done for a while. You will be signed out in a second.',
    other: 'Nothing was done for a while. You will be signed out in {count} seconds.',
  } as Plural,
  endsForGood: {
    one: 'Everybody is signed out after a certain time. For you that is in a second.',
    other: 'Everybody is signed out after a certain time. For you that is in {count} seconds.',
  } as Plural,
  endsIdleSoon: 'You will soon be signed out. Open the chat to stay signed in.',
  endsForGoodSoon: 'You will soon be signed out, as everybody is after a certain time.',
  signedOutIdle:
    'You were signed out because nothing was done for a while. Sign in again to find your conversations.',
  signedOutExpired:
    'You were signed out because everybody is after a certain time. Sign in again to find your conversations.',
  signOutFailed: 'The hospital could not be reached, so you are still signed in there.',

  textSize: 'Text size',
  textSizes: { small: 'Small', standard: 'Standard', large: 'Large', largest: 'Largest' },
  appearance: 'Appearance',
  appearances: { auto: 'Automatic', light: 'Light', dark: 'Dark' },
  language: 'Language',
  notReviewed: 'This translation was made by a machine and has not been reviewed yet.',
  privacy: 'Privacy',
  endAndErase: 'End and erase',
  endAndEraseHint: 'Ends your conversations and erases them, on this device and at the hospital.',
  confirmTitle: 'End and erase everything?',
  confirmText:
    'All conversations of this device are erased for good. Save a copy first if you want to keep one.',
  confirm: 'Erase',
  cancel: 'Keep',
  eraseFailed: 'The hospital could not be reached, so nothing was erased yet.',
  keptTitle: 'Erased on this device',
  keptText:
    'The hospital has to keep a copy for now. It is closed to those who answer patients, and is erased as soon as the hospital may.',
  keptClose: 'Close',
  forgetHere: 'Forget on this device only',
}

export type OtherWording = typeof enOtherViews
