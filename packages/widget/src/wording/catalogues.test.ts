import { expect, test } from 'vitest'
import { en } from './en'
import { enCall } from './en-call'
import { type Catalogue, catalogues } from './languages'

const files = import.meta.glob<Catalogue>('./catalogues/*.json', { eager: true, import: 'default' })
const sources = import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.test.*', '!./en*.ts'], {
  eager: true,
  query: '?raw',
  import: 'default',
})
const [schema] = Object.values(
  import.meta.glob<{ properties: { uiHints: { default: Record<string, unknown> } } }>(
    '../../../../config.schema.json',
    {
      eager: true,
      import: 'default',
    },
  ),
)

const languages = Object.keys(files)
  .map((file) => file.replace(/.*\/|\.json/g, ''))
  .filter((language) => language !== 'en')
const read = (language: string) => files[`./catalogues/${language}.json`] as Catalogue

/** A catalogue's texts by where they are in it: one for each form of a plural. */
function texts(value: unknown, path = ''): [path: string, text: string][] {
  if (typeof value === 'string') return [[path, value]]
  return Object.entries(value as object).flatMap(([key, inner]) =>
    texts(inner, path ? `${path}.${key}` : key),
  )
}
const isPlural = (value: unknown) => typeof (value as { other?: unknown }).other === 'string'
/** Where there is something to say, with all forms of a plural as one. */
function places(value: unknown, path = ''): string[] {
  if (typeof value === 'string' || isPlural(value)) return [path]
  return Object.entries(value as object).flatMap(([key, inner]) => places(inner, `${path}.${key}`))
}
const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort()
const at = (value: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown>)?.[key], value)
const english = { ...read('en'), chat: en, call: enCall }
/** Words that are the same in English, and rightly so. */
const SAME = new Set([
  'JSON',
  'Chat',
  'Online',
  'OK',
  'Conversation',
  'Sources',
  'Assistant',
  'Text',
  '{count} message',
  '{count} messages',
])

test('every language that can be chosen has its catalogue, and the other way round', () => {
  expect(languages.sort()).toEqual(Object.keys(catalogues).sort())
})

test.each(languages)('%s says all that English does, and nothing else', (language) => {
  const { chat, otherViews, files, call } = read(language)
  expect(places({ chat, otherViews, files, call }).sort()).toEqual(places(english).sort())
})

test.each(languages)('%s has translated every text', (language) => {
  const { chat, otherViews, files, call } = read(language)
  const untranslated = texts({ chat, otherViews, files, call }).filter(
    ([path, text]) => !text.trim() || (text === at(english, path) && !SAME.has(text)),
  )
  expect(untranslated).toEqual([])
})

test.each(languages)('%s names the same things in each text', (language) => {
  const { chat, otherViews, files, call } = read(language)
  for (const [path, text] of texts({ chat, otherViews, files, call })) {
    const original = at(english, path) ?? (at(english, path.replace(/\.\w+$/, '.other')) as unknown)
    const [wanted, found] = [placeholders(String(original)), placeholders(text)]
    // A form for one or two may say the number as a word.
    if (found.length || !/\.(zero|one|two)$/.test(path)) expect(found, path).toEqual(wanted)
  }
})

test.each(['en', ...languages])('%s has a form for every number', (language) => {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories
  const catalogue = language === 'en' ? english : read(language)
  // The millions of the Romance languages, which are written as the others are.
  for (const part of [catalogue.chat, catalogue.otherViews, catalogue.files])
    for (const [key, value] of Object.entries(part as object).filter(([, value]) => isPlural(value)))
      for (const form of forms)
        if (form !== 'many' || language === 'ar')
          expect(value[form] ?? (key === 'openUnread' && value.other), `${key}, ${form}`).toBeTruthy()
})

test.each(languages)('%s has words for what a hospital has not worded itself', (language) => {
  const defaults = Object.values(schema?.properties.uiHints.default ?? {}).filter(
    (text) => typeof text === 'string',
  )
  expect(defaults.length).toBeGreaterThan(5)
  expect(Object.keys(read(language).hospitalDefaults).sort()).toEqual(defaults.sort())
})

test.each(languages)('%s says whether somebody has read it', (language) => {
  expect(typeof read(language).reviewed).toBe('boolean')
})

test('nothing is kept that no view says', () => {
  const source = Object.values(sources).join('\n')
  // Said by a key that is worked out while the widget runs.
  const byKey = source.match(/note\?: ('\w+' \| )+/)?.[0] ?? ''
  const unpacked = [...source.matchAll(/const \{([^}]*)\} = (wording|words)\b/g)]
    .map(([, names]) => names)
    .join()
  const unused = [english.chat, english.otherViews, english.files, english.call]
    .flatMap(Object.keys)
    .filter(
      (key) =>
        !new RegExp(`\\b(wording|words)(\\((controller)?\\))?\\.${key}\\b`).test(source) &&
        !new RegExp(`\\b${key}\\b`).test(unpacked) &&
        !byKey.includes(`'${key}'`),
    )
  expect(unused).toEqual([])
})
