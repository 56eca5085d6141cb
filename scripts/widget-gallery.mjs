// Serves every view of the widget in every state, on sample data and with the bundles as built: `make widget-gallery`. The tests
// start the same server.

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The bundles under the address that the real server has for them. */
const bundles = {
  name: 'kuzushi:bundles',
  configureServer({ middlewares }) {
    middlewares.use('/widget/v1/', async (request, response) => {
      const name = new URL(request.url, 'http://gallery').pathname.slice(1)
      try {
        const file = /^[\w.-]+\.js$/.test(name) && (await readFile(`${root}dist/widget/v1/${name}`))
        response.writeHead(file ? 200 : 404, {
          'Content-Type': 'text/javascript',
          'Cache-Control': 'no-cache',
        })
        response.end(file || '')
      } catch {
        response.writeHead(404).end()
      }
    })
  },
}

/** @returns its address, and how to stop it. */
export async function serveGallery({ port = 0, logLevel = 'warn' } = {}) {
  const server = await createServer({
    configFile: false,
    root: `${root}packages/widget-gallery`,
    cacheDir: `${root}node_modules/.vite-gallery`,
    logLevel,
    appType: 'mpa',
    plugins: [bundles],
    server: { port, host: '127.0.0.1', hmr: false, watch: null, fs: { allow: [root] } },
    optimizeDeps: { noDiscovery: true },
  })
  await server.listen()
  const { port: listening } = server.httpServer.address()
  return { url: `http://127.0.0.1:${listening}`, close: () => server.close() }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serveGallery({ port: Number(process.env.PORT ?? 3002), logLevel: 'info' })
  console.log(`The widget's gallery is at ${url}`)
}
