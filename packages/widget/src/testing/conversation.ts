import { afterEach, beforeEach, vi } from 'vitest'
import { Api } from '../client/api'
import { Conversation } from '../client/conversation'
import { DeviceStorage } from '../client/device-record'
import { latestSocket } from './fake-server'
import { listener, visit } from './kept-conversation'

/** The device of the test that runs. Whoever imports this gets a new one, and a clock that stands still, for each test. */
export let storage: DeviceStorage

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  storage = new DeviceStorage('key')
})

afterEach(() => {
  vi.useRealTimers()
  vi.clearAllMocks()
  localStorage.clear()
})

/** A conversation of the test's device, or of another tab on it. */
export function converse(device = storage) {
  return new Conversation(
    new Api('https://api.test'),
    device,
    { projectId: 'project', storageKey: 'key' },
    () => visit,
    listener,
  )
}

/** Lets everything that waits on promises, but not on the clock, happen. */
export const settle = () => vi.advanceTimersByTimeAsync(0)

export async function connected() {
  const conversation = converse()
  conversation.start()
  await settle()
  const socket = latestSocket().accept()
  await settle()
  return { conversation, socket, state: () => conversation.state.getState() }
}
