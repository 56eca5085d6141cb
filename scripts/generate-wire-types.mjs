// Writes packages/widget/src/generated/wire.ts from openapi.json, which the server emits. With --check it only says whether the
// committed file is stale. json-schema-to-typescript does the work: unlike the OpenAPI generators it needs no TypeScript API,
// which TypeScript 7 does not have.

import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { compile } from 'json-schema-to-typescript'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = `${root}packages/widget/src/generated/wire.ts`
/** What the page uses; what these refer to comes along. */
const ROOTS = [
  'ClientFrame',
  'ServerFrame',
  'VoiceClientFrame',
  'VoiceServerFrame',
  'SessionInit',
  'SessionStarted',
  'MessageList',
  'SessionList',
  'LoginEnd',
  'LoginRequest',
  'SignedIn',
  'EndSession',
  'SessionEnded',
  'Problem',
]

const openapi = JSON.parse(await readFile(`${root}openapi.json`, 'utf8'))
// A reference that carries a description of its own would become a second copy of what it refers to.
const schemas = JSON.parse(JSON.stringify(openapi.components.schemas), (_key, value) =>
  value?.$ref ? { $ref: value.$ref.replace('#/components/schemas/', '#/definitions/') } : value,
)
for (const name of ROOTS) if (!schemas[name]) throw new Error(`openapi.json has no schema named ${name}`)

const source = await compile(
  { title: 'Roots', anyOf: ROOTS.map((name) => ({ $ref: `#/definitions/${name}` })), definitions: schemas },
  'Roots',
  {
    additionalProperties: false,
    bannerComment:
      '/* What crosses the wire. Written by `npm run generate` from openapi.json; change that, not this. */',
    style: { semi: false, singleQuote: true, printWidth: 110 },
    unreachableDefinitions: false,
  },
)
// The union of everything is only how the generator reaches it all.
const text = source.replace(/export type Roots =[\s\S]*?\n(?=(\/\*\*|export ))/, '')

if (process.argv.includes('--check')) {
  if ((await readFile(target, 'utf8').catch(() => '')) !== text) {
    console.error('packages/widget/src/generated/wire.ts is stale: run `npm run generate`')
    process.exitCode = 1
  }
} else await writeFile(target, text)
