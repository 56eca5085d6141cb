import { act, waitFor } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { drawsTheWidget, find, inPanel, KEY, launcher, opened, panel, put, run } from './testing/drawn-widget'
import { installFakeServer, latestSocket, sessionStarted, stored } from './testing/fake-server'
import { catalogues, languageFor, localeFor } from './wording/languages'
import { counted } from './wording/plural'

drawsTheWidget()

afterEach(() => {
  document.documentElement.lang = ''
  for (const { state } of Object.values(catalogues))
    state.setState({ part: undefined, failed: false } as never, true)
})

const theme = () => find<HTMLElement>('.theme')

test('speaks the language of the page, and nothing before it can', async () => {
  document.documentElement.lang = 'de-AT'
  const { requests } = installFakeServer()
  put()
  await run('show')
  await waitFor(() => expect(panel()).toBeTruthy())
  expect([theme()?.lang, theme()?.dir]).toEqual(['de', 'ltr'])
  expect(inPanel().getByRole('button', { name: 'Ihre Gespräche' })).toBeTruthy()
  expect(launcher.ariaLabel).toBe('Chat schließen')
  expect(launcher.lang).toBe('de')
  expect(requests[0]?.body).toMatchObject({ locale: 'de-AT' })
})

test('a language without a catalogue is answered in English', async () => {
  document.documentElement.lang = 'pt-BR'
  await opened()
  expect(theme()?.lang).toBe('en')
  expect(inPanel().getByRole('button', { name: 'Your conversations' })).toBeTruthy()
})

test('the visitor chooses another, sees everything change at once, and it is kept', async () => {
  const { user, socket } = await opened()
  await act(async () =>
    socket.push({ type: 'message', ...stored(1, 'user', 'Hi'), createdAt: '2025-03-01T12:00:00.000Z' }),
  )
  await run('open', 'settings')
  await user.selectOptions(inPanel().getByLabelText('Language'), 'العربية')
  await waitFor(() => expect(theme()?.lang).toBe('ar'))
  expect(theme()?.dir).toBe('rtl')
  expect(inPanel().getByRole('heading', { name: 'الإعدادات' })).toBeTruthy()
  // Nobody who speaks it has read it, and the visitor is told.
  expect(inPanel().getByText('أُنجزت هذه الترجمة آليًا ولم تُراجَع بعد.')).toBeTruthy()
  expect(JSON.parse(localStorage.getItem(KEY) ?? '').preferences.language).toBe('ar')
  await user.click(inPanel().getByRole('button', { name: 'العودة إلى الدردشة' }))
  expect(find('.day')?.textContent).toBe(
    new Intl.DateTimeFormat('ar', { day: 'numeric', month: 'long', year: 'numeric' }).format(
      new Date(2025, 2, 1),
    ),
  )
})

test('what the visitor chose goes before what the page says', async () => {
  const { user } = await opened()
  await run('open', 'settings')
  await user.selectOptions(inPanel().getByLabelText('Language'), 'Français')
  await waitFor(() => expect(theme()?.lang).toBe('fr'))
  await run('setLocale', 'de')
  expect(theme()?.lang).toBe('fr')
})

test('setLocale changes the language of a widget that is open', async () => {
  await opened()
  await run('setLocale', 'vi')
  await waitFor(() => expect(theme()?.lang).toBe('vi'))
  expect(inPanel().getByRole('button', { name: 'Cài đặt' })).toBeTruthy()
})

test('a hospital’s own words stay as they are, and those it left alone are translated', async () => {
  const { uiHints } = sessionStarted()
  installFakeServer(() => ({
    status: 201,
    json: sessionStarted({
      uiHints: { ...uiHints, inputPlaceholder: 'Type your question', welcomeMessage: 'Welcome to Riverside' },
    }),
  }))
  put({ locale: 'es' })
  await run('show')
  await waitFor(() => expect(panel()).toBeTruthy())
  await act(async () => latestSocket().accept())
  expect(find<HTMLTextAreaElement>('textarea')?.placeholder).toBe('Escriba su pregunta')
  expect(inPanel().getByText('Welcome to Riverside')).toBeTruthy()
})

test('without its words the widget begins in English, and asks again when it is opened', async () => {
  const { load, state } = catalogues.zh
  vi.spyOn(catalogues.zh, 'load').mockImplementation(() => state.setState({ failed: true }))
  installFakeServer()
  put({ locale: 'zh-CN' })
  await run('show')
  expect(theme()?.lang).toBe('en')
  catalogues.zh.load = load
  await run('hide')
  await run('show')
  await waitFor(() => expect(theme()?.lang).toBe('zh'))
})

test('whose words take too long begins in English, and changes over', async () => {
  vi.useFakeTimers()
  try {
    const { state } = catalogues.fr
    vi.spyOn(catalogues.fr, 'load').mockReturnValue()
    installFakeServer()
    put({ locale: 'fr' })
    await run('show')
    expect(theme()).toBeNull()
    await act(() => vi.advanceTimersByTimeAsync(1_500))
    expect(theme()?.lang).toBe('en')
    const part = (await import('./wording/catalogues/fr.json')).default
    await act(async () => state.setState({ part }))
    expect(theme()?.lang).toBe('fr')
  } finally {
    vi.useRealTimers()
  }
})

test.each([
  ['es-MX', 'es'],
  ['ZH-Hant-TW', 'zh'],
  ['pt', 'en'],
  ['', 'en'],
  ['constructor', 'en'],
])('%s is spoken to in %s', (tag, language) => {
  expect(languageFor(tag)).toBe(language)
})

test('dates are written as where the visitor lives, if the browser knows', () => {
  expect(localeFor('en', ['fr-CA', 'en-GB', 'en-US'])).toBe('en-GB')
  expect(localeFor('de', ['fr-CA'])).toBe('de')
})

test.each([
  ['en', 1, 'one of 1'],
  ['en', 1200, 'others: 1,200'],
  ['ar', 2, 'others: ٢'],
])('in %s %i is written %j', (language, count, expected) => {
  const written = counted({ one: 'one of {count}', other: 'others: {count}' }, count, language)
  // Whether Arabic has digits of its own is for the region, and the browser's data, to say.
  expect([expected, expected.replace('٢', '2')]).toContain(written)
})
