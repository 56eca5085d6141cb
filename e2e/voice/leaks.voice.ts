import { readdir, readFile, readlink } from 'node:fs/promises'
import type { Browser } from '@playwright/test'
import { PROJECT } from './call'
import { callingPage } from './calling-page'
import { firstAnswer } from './first-answer'
import { browserThatHears } from './microphone'
import { recording } from './recordings'
import { expect, test } from './test'

/** `make bench-voice` has more. With 30, memory that still settled (by 23 MB) could not be told from memory that is lost. */
const CALLS = Number(process.env.LEAK_CALLS ?? 150)
/** What memory settles at only shows after a while. */
const WARM_UP = 25
/** Kilobytes a call that may stay, which is less than a buffer of its sound. */
const KB_PER_CALL = 40
/** Files of the database's connections that a pool may open meanwhile. */
const FILES_OF_A_POOL = 8

// Of several arenas glibc keeps the most that each ever held, which looks like a leak for hundreds of calls.
test.use({ settings: { MALLOC_ARENA_MAX: '1' } })

interface Held {
  sockets: number
  files: number
  threads: number
  kilobytes: number
}

async function heldBy(pid: number): Promise<Held> {
  const names = await readdir(`/proc/${pid}/fd`)
  const open = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')))
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const number = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1])
  return {
    sockets: open.filter((target) => target.startsWith('socket:')).length,
    files: open.length,
    threads: number('Threads'),
    kilobytes: number('VmRSS'),
  }
}

/** One call from a page of its own, and an end as calls have. */
async function call(browser: Browser, address: string, number: number): Promise<void> {
  const page = await browser.newPage()
  await page.goto(address)
  await page.getByRole('button', { name: 'Call' }).click()
  await page.waitForFunction(
    () => (window as unknown as { course: { connection: string } }).course.connection === 'connected',
  )
  // Sound has begun to go both ways.
  await page.waitForFunction(
    () => (window as unknown as { course: { sounds: object[] } }).course.sounds.length > 0,
  )
  // Hung up, cut off by the page, or by a browser that goes away.
  if (number % 3 === 0) {
    await page.getByRole('button', { name: 'End' }).click()
    await page.waitForFunction(() => (window as unknown as { course: { closed?: number } }).course.closed)
  } else if (number % 3 === 1)
    await page.evaluate(() => (window as unknown as { socket: WebSocket }).socket.close())
  await page.close()
}

test(`${CALLS} calls in a row leave no socket, no thread and no memory behind`, async ({ server, site }) => {
  test.setTimeout(60_000 + CALLS * 10_000)
  const browser = await browserThatHears(await recording(1))
  const address = site.add('/leaks', callingPage(server.url, PROJECT))
  const pid = server.pid as number
  await firstAnswer(browser, address, server.url, PROJECT)
  for (let number = 0; number < WARM_UP; number++) await call(browser, address, number)
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  const before = await heldBy(pid)
  const memory: number[] = []
  for (let number = 0; number < CALLS; number++) {
    await call(browser, address, number)
    memory.push((await heldBy(pid)).kilobytes)
  }
  await browser.close()
  // Whoever went away without a word is missed after a while.
  await expect
    .poll(async () => (await heldBy(pid)).sockets, { timeout: 60_000 })
    .toBeLessThanOrEqual(before.sockets)
  const after = await heldBy(pid)
  // What is held goes up and down by the sound that is being made; what is leaked only goes up.
  const half = CALLS / 2
  const least = [memory.slice(0, half), memory.slice(half)].map((part) => Math.min(...part))
  console.log(
    `\nheld before ${CALLS} calls: ${JSON.stringify(before)}\nand after them:        ${JSON.stringify(after)}` +
      `\nkilobytes at least, in the first half of the calls and in the second: ${least.join(', ')}`,
  )
  expect(after.files).toBeLessThanOrEqual(before.files + FILES_OF_A_POOL)
  expect(after.threads).toBeLessThanOrEqual(before.threads + 2)
  expect((least[1] as number) - (least[0] as number)).toBeLessThan(half * KB_PER_CALL)
})
