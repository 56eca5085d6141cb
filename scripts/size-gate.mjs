// Fails when what a visitor downloads grows beyond the budget. Sums the .br files of a build (brotli 11), 1 KB = 1000 bytes.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../dist/widget/v1', import.meta.url))
if (!existsSync(folder)) {
  console.error('there is no dist/widget/v1: run `npm run build` first')
  process.exit(1)
}
const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'))
const size = (name) => statSync(`${folder}/${name}.br`).size
const sum = (names) => names.reduce((total, name) => total + size(name), 0)

const entry = scripts.find((name) => name.startsWith('widget-'))
const formatting = scripts.find((name) => name.startsWith('markdown-'))
const call = scripts.find((name) => name.startsWith('call-view-'))
const widgetFiles = scripts.filter((name) => !/^(snippet\.js|loader\.js|words-.*)$/.test(name))
const catalogues = scripts.filter((name) => name.startsWith('words-'))
/** The entry and what it imports at once: all that stands between a click and typing. */
const firstView = [entry]
for (const name of firstView)
  for (const [, imported] of readFileSync(`${folder}/${name}`, 'utf8').matchAll(
    /\bfrom\s*["'`]\.\/([^"'`]+)["'`]/g,
  ))
    if (!firstView.includes(imported)) firstView.push(imported)

const budget = [
  ['snippet', ['snippet.js'], 400],
  ['before intent (snippet and loader)', ['snippet.js', 'loader.js'], 2_000],
  // What can come later does: the formatting of answers, and every view beside the chat. What sends, keeps and connects cannot.
  ['first chat view, with CSS', firstView, 26_000],
  ['first answer, with its formatting', [...firstView, formatting], 28_200],
  ['all views', widgetFiles.filter((name) => name !== call), 48_000],
  // Beyond the chat: nobody fetches it who does not call.
  ['a call, fetched when it is begun', [call], 6_000],
  // A visitor fetches one of them, or none.
  ...catalogues.map((name) => [`words in ${name.split('-')[1]}`, [name], 4_400]),
]
let failed = false
for (const [what, names, limit] of budget) {
  const bytes = sum(names)
  failed ||= bytes > limit
  console.log(
    `${what.padEnd(36)}${String(bytes).padStart(7)} of ${String(limit).padStart(6)} bytes${bytes > limit ? '  TOO LARGE' : ''}`,
  )
}
for (const name of [...scripts].sort()) console.log(`  ${name.padEnd(34)}${String(size(name)).padStart(7)}`)
if (failed) process.exitCode = 1
