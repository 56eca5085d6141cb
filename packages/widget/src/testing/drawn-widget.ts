import type { WidgetHost } from '@kuzushi/widget-loader/widget-host'
import { act, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import { formatting } from '../markdown/formatted'
import { otherViews } from '../views/other-views'
import { mount } from '../widget'
import { installFakeServer, latestSocket } from './fake-server'

// React asks for this where `act` is used outside its own test renderer.
;(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true

export const KEY = 'kuzushi:project:'
export let call: ReturnType<typeof mount>
export let emitted: [event: string, payload: unknown][]
export let root: ShadowRoot
export let launcher: HTMLButtonElement

/** Before and after each test of a file that draws the widget. */
export function drawsTheWidget(): void {
  // They come by themselves, and should do so before the first test, not within one.
  beforeAll(async () => {
    otherViews.load()
    for (const { state } of [formatting, otherViews])
      await waitFor(() => expect(state.getState().part).toBeDefined(), { timeout: 10_000 })
  }, 30_000)

  beforeEach(() => {
    vi.stubGlobal(
      'ResizeObserver',
      class {
        observe() {}
        disconnect() {}
      },
    )
  })

  afterEach(() => {
    act(() => call('shutdown', []))
    vi.unstubAllGlobals()
    document.body.replaceChildren()
    localStorage.clear()
    sessionStorage.clear()
  })
}

export function put(settings: Partial<WidgetHost['settings']> = {}) {
  emitted = []
  const element = document.body.appendChild(document.createElement('div'))
  root = element.attachShadow({ mode: 'open' })
  launcher = root.appendChild(document.createElement('button'))
  act(() => {
    call = mount({
      element,
      root,
      launcher,
      settings: { projectId: 'project', apiBaseUrl: 'https://api.test', storageKey: KEY, ...settings },
      emit: (event, payloadFor) => emitted.push([event, payloadFor()]),
    })
  })
  return element
}

export const run = (method: string, ...args: unknown[]) => act(async () => call(method, args))
export const panel = () => root.querySelector('dialog') as HTMLDialogElement
export const inPanel = () => within(panel())
export const find = <Found extends Element>(selector: string) => root.querySelector(selector) as Found | null
export const eventNames = () => emitted.map(([event]) => event)

export async function opened(handler?: Parameters<typeof installFakeServer>[0]) {
  const server = installFakeServer(handler)
  put()
  await run('show')
  const socket = latestSocket()
  await act(async () => socket.accept())
  return { socket, ...server, user: userEvent.setup({ document }) }
}
