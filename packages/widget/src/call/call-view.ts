/** All that a call needs, in one file that is fetched when somebody presses its button. */

export { Call } from './call'
export { CallBar } from './call-bar'
export { callWords } from './call-words'
