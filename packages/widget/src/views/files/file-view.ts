/** What sends and shows files. */

export { Received } from './received'
export { Buttons, Tray } from './tray'
