import { useController } from '../widget-context'
import { enOtherViews } from './en-other-views'

/** What the views beside the chat say, in the language that is spoken. */
export const useWords = () => useController().catalogue?.otherViews ?? enOtherViews
