import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A page of a hospital's own website, as the hospital's own server sends it. */
export interface HostPage {
  html: string
  headers?: Record<string, string>
}

/**
 * A hospital's website, on another origin than the assistant. Every page that a test adds gets a path of its own, so that
 * the tests of one worker never meet.
 */
export class HostSite {
  readonly #server: Server
  readonly #pages = new Map<string, HostPage>()

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(): Promise<HostSite> {
    const server = createServer()
    const site = new HostSite(server)
    server.on('request', ({ url = '/' }, response) => {
      const page = site.#pages.get(new URL(url, 'http://host').pathname)
      if (url === '/favicon.ico') response.writeHead(204).end()
      else if (!page) response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found')
      else response.writeHead(200, { 'Content-Type': contentType(url), ...page.headers }).end(page.html)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return site
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get origin(): string {
    return `http://localhost:${this.port}`
  }

  /** Puts a page on the site and says where it is. */
  add(path: string, page: HostPage): string {
    this.#pages.set(path, page)
    return this.origin + path
  }

  clear(): void {
    this.#pages.clear()
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function contentType(path: string): string {
  if (path.endsWith('.js')) return 'text/javascript'
  if (path.endsWith('.css')) return 'text/css'
  return 'text/html; charset=utf-8'
}
