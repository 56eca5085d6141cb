import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { KuzushiGlobal } from './page-api.js'
import { elements, launcherOf, loadOn, settled } from './testing/load.js'

const CONFIG = { projectId: 'project', apiBaseUrl: 'https://api.test' }
const early = vi.fn()
let kuzushi: KuzushiGlobal
let error: ReturnType<typeof vi.spyOn>

beforeAll(async () => {
  kuzushi = await loadOn({
    config: CONFIG,
    queue: [
      { method: 'on', args: ['ready', early] },
      { method: 'identify', args: [{ token: 'x' }] },
      { method: 'setLocale', args: ['de'] },
    ],
  })
})

beforeEach(() => {
  error = vi.spyOn(console, 'error').mockReturnValue(undefined)
})

afterEach(async () => {
  kuzushi('shutdown')
  await settled()
  globalThis.widgetLog = []
  localStorage.clear()
  sessionStorage.clear()
})

async function initialised(config: unknown = CONFIG) {
  kuzushi('init', config)
  await settled()
  return launcherOf(elements()[0])
}

test('takes over the queue: the launcher is there, listeners hear of it, and nothing more is loaded', () => {
  expect(kuzushi._loaded).toBe(true)
  expect(kuzushi.q).toHaveLength(0)
  expect(early).toHaveBeenCalledExactlyOnceWith({})
  expect(launcherOf(elements()[0])?.ariaLabel).toBe('Open chat')
  expect(globalThis.widgetLog).toEqual([])
})

describe('commands', () => {
  test('that can wait do so until somebody wants the widget, and keep their order', async () => {
    await initialised()
    kuzushi('setLocale', 'de')
    kuzushi('identify', null)
    await settled()
    expect(globalThis.widgetLog).toEqual([])
    kuzushi('open', 'history')
    kuzushi('sendMessage', 'Hello')
    await settled()
    expect(globalThis.widgetLog).toEqual([
      ['mount', expect.objectContaining({ ...CONFIG, storageKey: 'kuzushi:project:' })],
      ['setLocale', 'de'],
      ['identify', null],
      ['open', 'history'],
      ['sendMessage', 'Hello'],
    ])
  })

  test('given in one breath with init find the widget', async () => {
    kuzushi('init', CONFIG)
    kuzushi('show')
    await settled()
    expect(globalThis.widgetLog.map(([method]) => method)).toEqual(['mount', 'show'])
    expect(error).not.toHaveBeenCalled()
  })

  test.each(['fly', 'constructor', 'toString', 'mount', 'restore'])('unknown: %s', async (method) => {
    await initialised()
    kuzushi(method)
    await settled()
    expect(error.mock.calls).toEqual([[`Kuzushi: ${method} is unknown or before init`]])
  })

  test('without a widget name themselves', async () => {
    kuzushi('show')
    await settled()
    expect(error.mock.calls).toEqual([['Kuzushi: show is unknown or before init']])
  })

  test('that are no commands do not throw into the page', () => {
    for (const entry of [undefined, null, 'show', {}, { method: 'init' }])
      expect(() => kuzushi.q?.push(entry as never)).not.toThrow()
    expect(error).toHaveBeenCalled()
  })
})

describe('configuration', () => {
  test.each([
    ['projectId', {}],
    ['projectId', null],
    ['projectId', { projectId: '' }],
    ['projectId', { projectId: '  ' }],
    ['projectId', { projectId: { a: 1 } }],
    ['apiBaseUrl', { projectId: 'p', apiBaseUrl: 'api.example.org' }],
    ['apiBaseUrl', { projectId: 'p', apiBaseUrl: 'javascript:alert(1)' }],
    ['apiBaseUrl', { projectId: 'p', apiBaseUrl: 7 }],
    ['primaryColor', { ...CONFIG, primaryColor: 'red; display: none' }],
  ])('one line names %s: %j', async (field, config) => {
    await initialised(config)
    expect(error.mock.calls).toEqual([[`Kuzushi: ${field} is missing or invalid`]])
    expect(launcherOf(elements()[0])).toBeFalsy()
  })

  test('a config that is wrong leaves nothing behind, and one that is right is taken after it', async () => {
    await initialised({ ...CONFIG, primaryColor: 'red' })
    expect(elements()).toEqual([])
    expect(await initialised()).toBeTruthy()
    expect(error).toHaveBeenCalledOnce()
  })

  test('init again changes nothing, and with another project changes the widget', async () => {
    await initialised()
    const [element] = elements()
    await initialised()
    expect(elements()).toEqual([element])
    await initialised({ ...CONFIG, projectId: 'other' })
    expect(elements()).toHaveLength(1)
    expect(elements()[0]).not.toBe(element)
  })
})

describe('the launcher', () => {
  test.each(['pointerenter', 'focus'])('loads the widget on %s, and no sooner, and once', async (intent) => {
    const launcher = await initialised()
    launcher?.dispatchEvent(new Event(intent))
    launcher?.dispatchEvent(new Event(intent))
    await settled()
    expect(globalThis.widgetLog.map(([method]) => method)).toEqual(['mount'])
    launcher?.click()
    expect(globalThis.widgetLog.map(([method]) => method)).toEqual(['mount', 'toggle'])
  })

  test('looks as it did when this browser last saw it', async () => {
    localStorage.setItem(
      'kuzushi:project:',
      JSON.stringify({ launcherColor: '#884400', launcherLabel: 'Chat öffnen, 3 neue', unread: 3 }),
    )
    const launcher = await initialised()
    expect(launcher?.style.getPropertyValue('--b')).toBe('#884400')
    expect(launcher?.dataset.unread).toBe('3')
    expect(launcher?.ariaLabel).toBe('Chat öffnen, 3 neue')
  })

  test('opens again by itself where it was open on the page before', async () => {
    sessionStorage.setItem('kuzushi:project:', '1')
    await initialised()
    expect(globalThis.widgetLog.map(([method]) => method)).toEqual(['mount', 'restore'])
  })

  test('comes up where storage is blocked', async () => {
    const blocked = new Proxy(
      {},
      {
        get: () => {
          throw new DOMException('blocked', 'SecurityError')
        },
      },
    )
    vi.stubGlobal('localStorage', blocked)
    vi.stubGlobal('sessionStorage', blocked)
    expect(await initialised()).toBeTruthy()
    expect(error).not.toHaveBeenCalled()
    vi.unstubAllGlobals()
  })
})

describe('the element', () => {
  test('keeps what it holds when the page moves it', async () => {
    await initialised()
    kuzushi('show')
    await settled()
    const frame = document.body.appendChild(document.createElement('div'))
    frame.append(elements()[0] as Element)
    await settled()
    expect(globalThis.widgetLog.map(([method]) => method)).toEqual(['mount', 'show'])
  })

  test('placed by a page goes with its attributes, and each holds a conversation of its own', async () => {
    for (const id of ['', 'ward']) {
      const element = document.createElement('kuzushi-widget')
      element.id = id
      element.setAttribute('mode', 'inline')
      document.body.append(element)
      element.setAttribute('project-id', 'placed')
      element.setAttribute('api-base-url', 'https://other.test')
    }
    await settled()
    expect(globalThis.widgetLog).toMatchObject([
      [
        'mount',
        {
          projectId: 'placed',
          apiBaseUrl: 'https://other.test',
          mode: 'inline',
          storageKey: 'kuzushi:placed:0',
        },
      ],
      ['mount', { storageKey: 'kuzushi:placed:ward' }],
    ])
    for (const element of elements()) element.remove()
    await settled()
    expect(globalThis.widgetLog.map(([method]) => method).slice(2)).toEqual(['shutdown', 'shutdown'])
  })
})

describe('events', () => {
  test('carry the text of messages only to who asked for it', async () => {
    const [plain, withContent] = [vi.fn(), vi.fn()]
    kuzushi('on', 'message', plain)
    kuzushi('on', 'message', withContent, { includeContent: true })
    await initialised()
    kuzushi('show')
    await settled()
    expect(plain).toHaveBeenCalledExactlyOnceWith({})
    expect(withContent).toHaveBeenCalledExactlyOnceWith({ content: 'words' })
  })

  test('are not heard after off, and ready is told to who comes late', async () => {
    const [gone, late] = [vi.fn(), vi.fn()]
    kuzushi('on', 'message', gone)
    kuzushi('off', 'message', gone)
    await initialised()
    kuzushi('on', 'ready', late)
    kuzushi('show')
    await settled()
    expect(gone).not.toHaveBeenCalled()
    expect(late).toHaveBeenCalledOnce()
  })

  test('need a function', () => {
    kuzushi('on', 'message', 'not a function')
    expect(error.mock.calls).toEqual([['Kuzushi: on needs a function']])
  })
})

test('shutdown takes everything off the page, and init puts it back', async () => {
  await initialised()
  kuzushi('show')
  await settled()
  kuzushi('shutdown')
  await settled()
  expect(elements()).toEqual([])
  expect(globalThis.widgetLog.at(-1)).toEqual(['shutdown'])
  expect(await initialised()).toBeTruthy()
})

test('a second loader changes nothing', async () => {
  await initialised()
  vi.resetModules()
  await import('./loader.js')
  await settled()
  expect(elements()).toHaveLength(1)
})
