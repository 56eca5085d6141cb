import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { filesWithCanary, LogWatch } from './canary'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const binary = process.env.KUZUSHI_BINARY ?? `${repository}target/debug/kuzushi`
/** A hospital of the tests' own, beside the demo's: its apps answer slowly, or allow one origin only. */
const testHospital = fileURLToPath(new URL('../hospital', import.meta.url))

/** The real program on a port and a data folder of its own. */
export class KuzushiServer {
  readonly #dataFolder: string
  readonly #settings: NodeJS.ProcessEnv
  #process: ChildProcess | undefined
  readonly #log: LogWatch
  /** Chosen by the first start, and kept by later ones: pages that are open know no other. */
  #port = 0

  private constructor(dataFolder: string, settings: NodeJS.ProcessEnv, spoken: string[]) {
    this.#dataFolder = dataFolder
    this.#settings = settings
    this.#log = new LogWatch(spoken)
  }

  /** @param spoken what patients say aloud, where no canary can be: words that its log must not hold. */
  static async start(settings: NodeJS.ProcessEnv = {}, spoken: string[] = []): Promise<KuzushiServer> {
    const folder = await mkdtemp(join(tmpdir(), 'kuzushi-e2e-'))
    const server = new KuzushiServer(folder, settings, spoken)
    try {
      await promisify(execFile)(binary, ['seed', testHospital], { env: server.#environment() })
      await server.start()
    } catch (error) {
      await server.dispose()
      throw error
    }
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** What the system knows it by, while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** The folder of its database, keys and certificates. */
  get dataFolder(): string {
    return this.#dataFolder
  }

  /** Where what a patient typed stands in the open: lines logged since it was first started, and files. */
  async leaks(): Promise<string[]> {
    return [...this.#log.found, ...(await filesWithCanary(this.#dataFolder))]
  }

  async start(): Promise<void> {
    const child = spawn(binary, ['demo'], { env: this.#environment(), stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process = child
    createInterface({ input: child.stderr }).on('line', (line) => this.#log.hear(line))
    const exited = once(child, 'exit')
    const address = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const found = /http:\/\/127\.0\.0\.1:(\d+)\/demo$/.exec(line)
        if (found) resolve(found[1] as string)
      })
    })
    const port = await Promise.race([
      address,
      exited.then(([code]) => {
        throw new Error(`${binary} demo ended with ${code}:\n${this.#log.end.join('\n')}`)
      }),
    ])
    this.#port = Number(port)
  }

  /** What `kuzushi csp` prints for a server at this address. */
  async contentSecurityPolicy(): Promise<string[]> {
    const { stdout } = await promisify(execFile)(binary, ['csp', '--api-base-url', this.url])
    return stdout.trimEnd().split('\n')
  }

  /** An operator's API key for the administration. */
  operatorKey(): Promise<string> {
    return this.admin('create-key', '--name', 'a test')
  }

  /** What `kuzushi admin` says to these words. */
  async admin(...words: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(binary, ['admin', ...words], { env: this.#environment() })
    return stdout.trim()
  }

  /** Ends it as a power cut would: nothing is finished, nothing is said to anybody. */
  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  /** Ends it as an operator does, for an update: it says so to everybody, and finishes what it can. */
  stop(): Promise<void> {
    return this.#end('SIGTERM')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (!child || child.exitCode !== null || child.signalCode) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  /** Starts it if a test left it dead, so that the next one finds it alive. */
  async revive(): Promise<void> {
    if (!this.#process) await this.start()
  }

  async dispose(): Promise<void> {
    await this.kill()
    await rm(this.#dataFolder, { recursive: true, force: true })
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(this.#port),
      DATA_DIR: this.#dataFolder,
      // All it can say: none of it may hold what a patient typed.
      LOG_LEVEL: 'trace',
      ...this.#settings,
    }
  }
}
