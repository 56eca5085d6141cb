// A server of its own for each caller, on a copy of the seeded database.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const PROJECT = 'stmarys-patient-portal'
const READY_WITHIN = 30_000

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

export class Server {
  #process
  base
  operatorKey
  /** Of the hospital, one of its apps, and a conversation there, with the conversation's token in `session`. */
  tenantId
  appId
  session

  /** Serves the database in `environment.DATA_DIR`. */
  static async start(kuzushi, environment, operatorKey) {
    const server = new Server()
    const port = await freePort()
    server.base = `http://127.0.0.1:${port}`
    server.operatorKey = operatorKey
    server.#process = spawn(kuzushi, ['serve'], {
      env: { ...environment, PORT: String(port), ALLOWED_ORIGINS: server.base, LOG_LEVEL: 'error' },
      stdio: 'inherit',
    })
    try {
      await server.#untilReady()
      const { tenants } = await server.ask('/v1/admin/tenants', { token: operatorKey })
      server.tenantId = tenants[0].tenantId
      const { apps } = await server.ask(`/v1/admin/tenants/${server.tenantId}/apps`, { token: operatorKey })
      server.appId = apps.find(({ projectId }) => projectId === PROJECT).appId
      server.session = await server.#begin()
    } catch (error) {
      server.stop()
      throw error
    }
    return server
  }

  async #untilReady() {
    const end = Date.now() + READY_WITHIN
    while (Date.now() < end) {
      const answer = await fetch(`${this.base}/readyz`).catch(() => undefined)
      if (answer?.ok) return
      await sleep(100)
    }
    throw new Error('the server did not get ready')
  }

  #begin() {
    return this.ask('/v1/widget/session/init', {
      origin: this.base,
      body: {
        projectId: PROJECT,
        widgetInstanceId: 'api-check',
        pageUrl: `${this.base}/`,
        hostOrigin: this.base,
        userAgent: 'api-check',
        locale: 'en-US',
      },
    })
  }

  /** One of each thing that a route can be about, by the name of its parameter. From then on the app needs a second person. */
  async things() {
    const tenant = `/v1/admin/tenants/${this.tenantId}`
    const app = `${tenant}/apps/${this.appId}`
    const ask = (path, body, method) => this.ask(path, { body, method, token: this.operatorKey })
    const person = { email: 'somebody@api-check.example', name: 'Somebody' }
    const { userId } = await ask(`${tenant}/users`, person)
    const { staffId } = await ask(`${tenant}/staff`, { ...person, role: 'agent' })
    const { holdId } = await ask(`${tenant}/holds`, { matter: 'A matter', reason: 'A reason' })
    const { keyId } = await ask(`${tenant}/keys`, { name: 'A key', role: 'auditor' })
    const { kid } = await ask(`${app}/identity-keys`, { kid: 'a-key' })
    const { slug } = (await ask(`${app}/articles`)).articles[0]
    const { version } = await ask(`${app}/configs`, { configData: {} })
    await ask(`${app}/approval`, { required: true }, 'PUT')
    const { requestId } = await ask(`${app}/configs/${version}/activate`, {})
    return { userId, staffId, holdId, keyId, kid, slug, requestId }
  }

  /** Gets, or posts where there is a body. Answers JSON, or throws what was answered instead. */
  async ask(path, { body, token, origin, method = body ? 'POST' : 'GET' } = {}) {
    const headers = {
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...(origin && { origin }),
    }
    const response = await fetch(this.base + path, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    })
    if (response.status === 429) {
      await sleep(Number(response.headers.get('retry-after')) * 1000)
      return this.ask(path, { body, token, origin, method })
    }
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }

  stop() {
    this.#process.kill()
  }
}
