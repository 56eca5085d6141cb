import { otherViews } from '../views/other-views'
import { useController } from '../widget-context'
import type { OtherWording } from './beside-the-chat'

/** What the views beside the chat say, in the language that is spoken. Whoever asks came together with the English. */
export const useWords = () =>
  (useController().catalogue ?? otherViews.state.getState().part?.english)?.otherViews as OtherWording
