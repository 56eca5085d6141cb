// Holds the server to openapi.json: thousands of made-up requests as everybody who can call it. No answer may be a 5xx, and
// none may be other than described. Schemathesis (Python) makes the requests.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const VERSION = '4.32.5'
const CHECKS =
  'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance'
const EXAMPLES = process.env.EXAMPLES ?? '20'
const HOSPITAL = 'stmarys-hospital.example'
const PROJECT = 'stmarys-patient-portal'
const ROLES = ['operator', 'owner', 'editor', 'agent', 'auditor']

const kuzushi = resolve('target/debug/kuzushi')
const tools = resolve('target/schemathesis')
const folder = mkdtempSync(join(tmpdir(), 'kuzushi-api-'))

/** What a limit would hide is what is looked for, so there are none. */
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

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

/** Answers JSON, or says what was answered instead. */
async function ask(url, options) {
  const response = await fetch(url, options)
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return response.json()
}

async function untilReady(base) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (
      await fetch(`${base}/readyz`).then(
        (response) => response.ok,
        () => false,
      )
    )
      return
    await sleep(100)
  }
  throw new Error('the server did not get ready')
}

/** A conversation, by its token. */
function begin(base) {
  const origin = base
  return ask(`${base}/v1/widget/session/init`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({
      projectId: PROJECT,
      widgetInstanceId: 'api-check',
      pageUrl: `${origin}/`,
      hostOrigin: origin,
      userAgent: 'api-check',
      locale: 'en-US',
    }),
  })
}

/** Serves a copy of the seeded database, and lets one caller loose on it. Says whether all was as described. */
async function check(caller, environment, operatorKey, key) {
  const data = join(folder, caller)
  cpSync(join(folder, 'seeded'), data, { recursive: true })
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  const server = spawn(kuzushi, ['serve'], {
    env: { ...environment, DATA_DIR: data, PORT: String(port), ALLOWED_ORIGINS: base, LOG_LEVEL: 'error' },
    stdio: 'inherit',
  })
  try {
    await untilReady(base)
    const authorization = `Bearer ${operatorKey}`
    const { tenants } = await ask(`${base}/v1/admin/tenants`, { headers: { authorization } })
    const { apps } = await ask(`${base}/v1/admin/tenants/${tenants[0].tenantId}/apps`, {
      headers: { authorization },
    })
    const session = await begin(base)
    const config = join(folder, `${caller}.toml`)
    const known = {
      tenantId: tenants[0].tenantId,
      appId: apps[0].appId,
      sessionId: session.sessionId,
      version: '1',
    }
    const parameters = Object.entries(known).map(([name, value]) => `"path.${name}" = "${value}"\n`)
    const token = key ?? (caller === 'visitor' ? session.token : undefined)
    const headers = token ? `[headers]\nAuthorization = "Bearer ${token}"\n` : ''
    writeFileSync(config, `${headers}[parameters]\n${parameters.join('')}`)
    const arguments_ = ['--config-file', config, 'run', `${base}/openapi.json`, '--url', base]
    arguments_.push('--max-examples', EXAMPLES, '--checks', CHECKS, '--no-color')
    const run = spawnSync(join(tools, 'bin/schemathesis'), arguments_, { cwd: folder, encoding: 'utf8' })
    const counted = run.stdout.match(/Test cases:\s+(.*)/)?.[1] ?? 'nothing was counted'
    const shut = run.stdout.match(/Authentication failed: (\d+) operations?/)?.[1] ?? '0'
    console.log(`${caller}: ${counted.trim()}; ${shut} routes let them do nothing`)
    if (run.status !== 0) console.log(run.stdout, run.stderr)
    return run.status === 0
  } finally {
    server.kill()
  }
}

try {
  if (spawnSync(join(tools, 'bin/schemathesis'), ['--version']).status !== 0) {
    console.log('==> Installing Schemathesis')
    execFileSync('python3', ['-m', 'venv', tools], { stdio: 'inherit' })
    execFileSync(join(tools, 'bin/pip'), ['install', '--quiet', `schemathesis==${VERSION}`], {
      stdio: 'inherit',
    })
  }
  const environment = {
    ...limits,
    CONTENT_KEY: Buffer.alloc(32, 7).toString('base64'),
    JWT_SECRET: 'a secret for api-check only, long',
  }
  const seeding = {
    env: { ...environment, DATA_DIR: join(folder, 'seeded') },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }
  execFileSync(kuzushi, ['seed'], seeding)
  const keys = ROLES.map((role) => {
    const tenant = role === 'operator' ? [] : ['--tenant', HOSPITAL]
    return execFileSync(
      kuzushi,
      ['admin', 'create-key', '--name', role, '--role', role, ...tenant],
      seeding,
    ).trim()
  })
  let fine = true
  for (const [index, role] of ROLES.entries())
    fine = (await check(role, environment, keys[0], keys[index])) && fine
  for (const caller of ['visitor', 'nobody']) fine = (await check(caller, environment, keys[0])) && fine
  process.exitCode = fine ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
