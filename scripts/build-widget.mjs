// Builds what a visitor's browser loads into dist/widget/v1: snippet.js and loader.js under fixed names, everything else with
// a content hash in its name, each file also as .br and .gz. With --watch it builds again after every change.

import { watch } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import { build } from 'vite'
import { refetchableParts } from './refetchable-parts.mjs'
import { forShadowRoot } from './shadow-css.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const output = `${root}dist/widget/v1`
/** What both Chromium, Firefox and Safari have had for two years. */
const target = ['chrome111', 'firefox114', 'safari16.4']

const common = {
  configFile: false,
  root,
  base: './',
  logLevel: 'warn',
  define: { 'process.env.NODE_ENV': '"production"' },
}

/** Preact under React's names. */
const preact = [
  ['react/jsx-runtime', 'jsx-runtime.ts'],
  ['react-dom/client', 'react.ts'],
  ['react', 'react.ts'],
].map(([name, file]) => ({
  find: new RegExp(`^${name}$`),
  replacement: `${root}packages/widget/src/runtime/${file}`,
}))

async function buildWidget() {
  const result = await build({
    ...common,
    resolve: { alias: preact },
    plugins: [tailwindcss(), forShadowRoot(), refetchableParts()],
    json: { stringify: false, namedExports: false },
    build: {
      target,
      write: false,
      modulePreload: false,
      rolldownOptions: {
        input: { widget: `${root}packages/widget/src/widget.tsx` },
        preserveEntrySignatures: 'allow-extension',
        output: {
          format: 'es',
          entryFileNames: '[name]-[hash].js',
          // Catalogues are weighed apart from the rest, by their name.
          chunkFileNames: ({ facadeModuleId }) =>
            facadeModuleId?.includes('/wording/catalogues/') ? 'words-[name]-[hash].js' : '[name]-[hash].js',
        },
      },
    },
  })
  return result.output
}

async function buildScript(name, define = {}) {
  const result = await build({
    ...common,
    define: { ...common.define, ...define },
    build: {
      target,
      write: false,
      minify: true,
      rolldownOptions: {
        input: `${root}packages/widget-loader/src/${name}.ts`,
        output: { format: 'iife', entryFileNames: `${name}.js` },
      },
    },
  })
  return result.output
}

async function buildAll() {
  const widget = await buildWidget()
  const entry = widget.find((file) => file.type === 'chunk' && file.isEntry)
  const files = [
    ...widget,
    ...(await buildScript('loader', { WIDGET_FILE: JSON.stringify(entry.fileName) })),
    ...(await buildScript('snippet')),
  ]
  await mkdir(output, { recursive: true })
  const written = new Set()
  // The loader comes after the files it names, so a server that reads this folder never serves one without the other.
  for (const file of files) {
    const bytes = Buffer.from(file.type === 'chunk' ? file.code : file.source)
    const variants = {
      '': bytes,
      '.br': brotliCompressSync(bytes, {
        params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      }),
      '.gz': gzipSync(bytes, { level: 9 }),
    }
    for (const [suffix, content] of Object.entries(variants)) {
      const name = file.fileName + suffix
      await writeFile(`${output}/.${name}`, content)
      await rename(`${output}/.${name}`, `${output}/${name}`)
      written.add(name)
    }
  }
  for (const name of await readdir(output)) if (!written.has(name)) await rm(`${output}/${name}`)
  console.log(`widget: ${files.length} files in dist/widget/v1, entry ${entry.fileName}`)
}

await buildAll()

if (process.argv.includes('--watch')) {
  let timer
  let building = Promise.resolve()
  const again = () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      building = building.then(buildAll).catch((error) => console.error(error.message))
    }, 100)
  }
  for (const folder of ['widget', 'widget-loader'])
    watch(`${root}packages/${folder}/src`, { recursive: true }, again)
  console.log('widget: watching packages/*/src')
}
