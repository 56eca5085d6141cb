/** What a visitor may read before the widget's own catalogue is here. */
export const launcherWording = {
  open: 'Open chat',
  unread: (count: number) => `, ${count} unread`,
  unreachable: 'Chat cannot be reached',
}
