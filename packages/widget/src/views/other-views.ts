import { lazy } from '../ui/lazy'

/** Everything that is not on screen before there is a connection, in one file. */
export const otherViews = lazy(() => import('./other-view'))

/** What a call needs, fetched when somebody begins one. */
export const callView = lazy(() => import('../call/call-view'))
