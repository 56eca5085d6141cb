// Holds the server to openapi.json: thousands of made-up requests as everybody who can call it. No answer may be a 5xx, and
// none may be other than described. Schemathesis (Python) makes the requests.
//
// run.mjs [CALLER…] lets these loose, or all. EXAMPLES: how many requests are made up for a route, besides those that
// its description suggests. KUZUSHI_BINARY: another program than target/debug/kuzushi.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CALLERS } from './callers.mjs'
import { Server } from './server.mjs'

const VERSION = '4.32.5'
const CHECKS =
  'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance'
const EXAMPLES = process.env.EXAMPLES ?? '20'

/** After these nothing is answered as before, to this caller or to anybody, so they come last. */
const ENDS = [
  '/v1/admin/auth/logout',
  '/v1/admin/tenants/{tenantId}/close',
  '/v1/admin/tenants/{tenantId}/erase',
  '/v1/auth/logout',
  '/v1/sessions/{sessionId}/end',
]

const kuzushi = resolve(process.env.KUZUSHI_BINARY ?? 'target/debug/kuzushi')
const tools = resolve('target/schemathesis')
const folder = mkdtempSync(join(tmpdir(), 'kuzushi-api-'))

/** What a limit would hide is what is looked for, so there are none, but for one caller who is to meet them. */
const limits = Object.fromEntries(
  [
    'REQUESTS_PER_MINUTE_PER_ADDRESS',
    'REQUESTS_PER_MINUTE_PER_SESSION',
    'REQUESTS_PER_MINUTE_PER_KEY',
    'REQUESTS_PER_MINUTE_PER_USER',
    'SESSIONS_PER_MINUTE_PER_ADDRESS',
    'LOGINS_PER_MINUTE_PER_ADDRESS',
    'FAILED_KEYS_PER_MINUTE_PER_ADDRESS',
  ].map((name) => [name, '1000000']),
)
const environment = {
  ...limits,
  CONTENT_KEY: Buffer.alloc(32, 7).toString('base64'),
  JWT_SECRET: 'a secret for api-check only, long',
}

function install() {
  if (spawnSync(join(tools, 'bin/schemathesis'), ['--version']).status === 0) return
  console.log('==> Installing Schemathesis')
  execFileSync('python3', ['-m', 'venv', tools], { stdio: 'inherit' })
  const pip = ['install', '--quiet', `schemathesis==${VERSION}`]
  execFileSync(join(tools, 'bin/pip'), pip, { stdio: 'inherit' })
}

/** A database with the demo hospital, and an operator's key to it. */
function seed() {
  const seeding = {
    env: { ...environment, DATA_DIR: join(folder, 'seeded') },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }
  execFileSync(kuzushi, ['seed'], seeding)
  const creation = ['admin', 'create-key', '--name', 'api-check', '--role', 'operator']
  return execFileSync(kuzushi, creation, seeding).trim()
}

/** Asks routes at will, and prints what came, and every answer that is not as described. Says whether there was none. */
function letLoose(name, server, { token, known, routes }) {
  const config = join(folder, 'schemathesis.toml')
  const headers = token ? `[headers]\nAuthorization = "Bearer ${token}"\n` : ''
  const parameters = Object.entries(known).map(([parameter, value]) => `"path.${parameter}" = "${value}"\n`)
  writeFileSync(config, `${headers}[parameters]\n${parameters.join('')}`)
  const report = join(folder, 'answers.har')
  const what = ['--config-file', config, 'run', `${server.base}/openapi.json`, '--url', server.base]
  const how = ['--max-examples', EXAMPLES, '--checks', CHECKS, '--no-color', '--report-har-path', report]
  const begin = Date.now()
  const run = spawnSync(join(tools, 'bin/schemathesis'), [...what, ...how, ...routes], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  })
  const seconds = Math.round((Date.now() - begin) / 1000)
  console.log(`${name}: ${answers(report)}; ${seconds} s`)
  if (run.status !== 0) console.log(run.stdout, run.stderr)
  return run.status === 0
}

/** How often each kind of answer came. */
function answers(report) {
  const counts = new Map()
  for (const { response } of JSON.parse(readFileSync(report, 'utf8')).log.entries)
    counts.set(response.status, (counts.get(response.status) ?? 0) + 1)
  const each = [...counts]
    .sort(([one], [other]) => one - other)
    .map(([status, count]) => `${status} ×${count}`)
  return `${[...counts.values()].reduce((sum, count) => sum + count, 0)} answers (${each.join(', ')})`
}

async function check(caller, operatorKey) {
  const data = join(folder, caller.name)
  cpSync(join(folder, 'seeded'), data, { recursive: true })
  const its = { ...environment, ...caller.environment, DATA_DIR: data }
  const server = await Server.start(kuzushi, its, operatorKey)
  try {
    const token = await caller.token(server)
    const { tenantId, appId, session } = server
    const places = { tenantId, appId, sessionId: session.sessionId, version: '1' }
    const isFine = letLoose(caller.name, server, {
      token,
      known: places,
      routes: ENDS.flatMap((path) => ['--exclude-path', path]),
    })
    const things = await server.things()
    const known = { ...places, ...things }
    const about = `\\{(${Object.keys(things).join('|')})\\}`
    const areFine = [
      ['what there is', ['--include-path-regex', about, '--exclude-method', 'DELETE']],
      ['deleting it', ['--include-path-regex', about, '--exclude-method-regex', '^(?!DELETE)']],
      ['what ends things', ENDS.flatMap((path) => ['--include-path', path])],
    ].map(([what, routes]) => letLoose(`${caller.name}, ${what}`, server, { token, known, routes }))
    return isFine && areFine.every(Boolean)
  } finally {
    server.stop()
    rmSync(data, { recursive: true, force: true })
  }
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !CALLERS.some((caller) => caller.name === name))
if (unknown.length > 0) {
  const names = CALLERS.map(({ name }) => name).join(', ')
  console.error(`no such caller: ${unknown.join(', ')}; there are ${names}`)
  process.exit(2)
}
try {
  install()
  const operatorKey = seed()
  let fine = true
  for (const caller of CALLERS)
    if (wanted.length === 0 || wanted.includes(caller.name)) fine = (await check(caller, operatorKey)) && fine
  process.exitCode = fine ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
