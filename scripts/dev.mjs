// The demo hospital, rebuilt on every change: the widget's bundles by Vite, the server by cargo. A debug server reads
// bundles and pages from their folders, so a reload of the browser shows a change of theirs; a change of Rust or of
// the demo's content starts the server again.

import { spawn } from 'node:child_process'
import { watch } from 'node:fs'

const QUIET_MS = 300

const bundles = spawn('npm', ['run', '--silent', 'dev'], { stdio: 'inherit' })
let server
let building = false
let again = false

/** Runs a command to its end; resolves to whether it succeeded. */
function run(command, args) {
  return new Promise((resolve) => {
    spawn(command, args, { stdio: 'inherit' }).on('exit', (code) => resolve(code === 0))
  })
}

/** Stops the running server and waits until its port is free. */
function stop() {
  return new Promise((resolve) => {
    if (!server || server.exitCode !== null) return resolve()
    server.once('exit', resolve)
    server.kill('SIGTERM')
  })
}

async function rebuild() {
  if (building) {
    again = true
    return
  }
  building = true
  do {
    again = false
    if (await run('cargo', ['build', '--package', 'kuzushi-server'])) {
      await stop()
      server = spawn('target/debug/kuzushi', ['demo'], { stdio: 'inherit' })
    }
  } while (again)
  building = false
}

let timer
for (const folder of ['crates', 'demo']) {
  watch(folder, { recursive: true }, (_event, name) => {
    if (!/\.(rs|toml|md|json)$/.test(name ?? '')) return
    clearTimeout(timer)
    timer = setTimeout(rebuild, QUIET_MS)
  })
}

async function leave() {
  bundles.kill()
  await stop()
  process.exit()
}
process.on('SIGINT', leave)
process.on('SIGTERM', leave)

rebuild()
