import { existsSync } from 'node:fs'
import type { LaunchOptions } from '@playwright/test'

const CANDIDATES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

function findChromium(): string {
  const found = CANDIDATES.find((path) => path && existsSync(path))
  if (!found)
    throw new Error('no Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM to its path')
  return found
}

/** A Chromium that talks to the tests' own servers and to nobody else. */
export const chromium: LaunchOptions = {
  executablePath: findChromium(),
  // Root has no sandbox.
  chromiumSandbox: process.getuid?.() !== 0,
  args: [
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-quic',
    '--no-first-run',
    // Hosts that stand for a hospital's own domain; nothing outside this machine has a name.
    '--host-resolver-rules=MAP *.test 127.0.0.1, EXCLUDE 127.0.0.1, EXCLUDE localhost, MAP * ~NOTFOUND',
  ],
}
