import type { Controller } from '../controller'
import { type CallWording, enCall } from '../wording/en-call'

/** What a call says, in the language that is spoken. */
export const callWords = (controller: Controller): CallWording => controller.catalogue?.call ?? enCall
