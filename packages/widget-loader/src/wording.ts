/** What a visitor may read before the widget's own catalogue is here. Single constants: they end up where they are used. */
export const open = 'Open chat'
export const unreachable = 'Chat cannot be reached'
