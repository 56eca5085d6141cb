import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SECRET = 'a secret that coturn and the server share'

/** A real coturn on this machine, as docs/voice.md has it set up. */
export class TurnServer {
  readonly #process: ChildProcess
  readonly #folder: string
  readonly port: number

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#process = child
    this.#folder = folder
    this.port = port
  }

  static async start(): Promise<TurnServer> {
    const folder = await mkdtemp(join(tmpdir(), 'kuzushi-turn-'))
    const port = await freePort()
    const config = join(folder, 'turnserver.conf')
    await writeFile(
      config,
      [
        `listening-port=${port}`,
        'listening-ip=127.0.0.1',
        'relay-ip=127.0.0.1',
        'use-auth-secret',
        `static-auth-secret=${SECRET}`,
        'realm=example.org',
        'fingerprint',
        'no-tls',
        'no-dtls',
        'no-cli',
        // The server that it is to reach is on this machine here.
        'allow-loopback-peers',
        `userdb=${folder}/turndb`,
        `pidfile=${folder}/turnserver.pid`,
        'log-file=stdout',
        'simple-log',
      ].join('\n'),
    )
    const child = spawn('turnserver', ['-c', config], { stdio: ['ignore', 'pipe', 'pipe'] })
    const exited = once(child, 'exit').then(([code]) => {
      throw new Error(`turnserver ended with ${code}`)
    })
    const listening = new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk) => String(chunk).includes('listener opened') && resolve())
    })
    await Promise.race([listening, exited, new Promise((resolve) => setTimeout(resolve, 3_000))])
    exited.catch(() => {})
    return new TurnServer(child, folder, port)
  }

  /** What the server is told of it. */
  get settings(): NodeJS.ProcessEnv {
    return { TURN_SERVER_URL: `turn:127.0.0.1:${this.port}?transport=udp`, TURN_SECRET: SECRET }
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit')
    this.#process.kill()
    await exited
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** What whoever knows the secret could make for somebody, good until then. */
export function credential(username: string): string {
  return createHmac('sha1', SECRET).update(username).digest('base64')
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}
