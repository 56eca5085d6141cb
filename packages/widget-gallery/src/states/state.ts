import type { DeviceRecord } from '../../../widget/src/client/device-record'
import type { Behaviour } from '../pretend-server'
import type { Visitor } from '../visitor'

/** One thing that a visitor can see. */
export interface State {
  title: string
  server?: Behaviour
  /** What an earlier visit left on the device. */
  device?: Partial<DeviceRecord>
  locale?: string
  position?: 'left'
  inline?: boolean
  /** The panel stays closed. */
  closed?: boolean
  greeting?: string
  /** Seconds until a shared computer is wiped. */
  kiosk?: number
  /** Differs on a wide screen by more than where it stands. */
  wide?: boolean
  /** What the visitor does to get there, once there is a connection. */
  act?: (visitor: Visitor) => Promise<void>
  /** Time passes quickly: what comes after many tries is here at once. */
  hurried?: boolean
}
