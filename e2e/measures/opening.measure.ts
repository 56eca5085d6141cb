import type { Browser, CDPSession, Page } from '@playwright/test'
import { embedCode, ordinaryPage } from '../environment/host-pages'
import type { KuzushiServer } from '../environment/kuzushi-server'
import { expect, test } from '../environment/test'

const RUNS = Number(process.env.RUNS ?? 15)

interface Circumstances {
  name: string
  /** How many times slower the processor is. */
  slower: number
  /** Milliseconds to the server and back, and bytes a second. */
  network?: { latency: number; bytesPerSecond: number }
}

/** As Lighthouse defines a mid-range phone on slow 4G: 150 ms there and back, 1.6 Mbit/s, a quarter of the processor. */
const CIRCUMSTANCES: Circumstances[] = [
  { name: 'localhost', slower: 1 },
  {
    name: 'slow 4G, 4× slower processor',
    slower: 4,
    network: { latency: 150, bytesPerSecond: (1.6 * 1024 * 1024) / 8 },
  },
]

async function slowDown(client: CDPSession, { slower, network }: Circumstances): Promise<void> {
  await client.send('Emulation.setCPUThrottlingRate', { rate: slower })
  if (!network) return
  await client.send('Network.enable')
  await client.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: network.latency,
    downloadThroughput: network.bytesPerSecond,
    uploadThroughput: network.bytesPerSecond / 2,
  })
}

const sorted = (values: number[]) => [...values].sort((one, other) => one - other)
const quantile = (values: number[], part: number) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * part))] as number
const row = (name: string, values: number[], unit = ' ms') =>
  `${name.padEnd(52)}${String(Math.round(quantile(values, 0.5) * 100) / 100).padStart(8)}${unit}   (${values.length} runs, from ${Math.round(quantile(values, 0) * 100) / 100} to ${Math.round(quantile(values, 1) * 100) / 100})`

/** A browser that has never seen anything of ours, on its page at rest. */
async function freshPage(browser: Browser, address: string, how: Circumstances): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US' })
  const page = await context.newPage()
  await slowDown(await context.newCDPSession(page), how)
  await page.goto(address, { waitUntil: 'networkidle' })
  return page
}

/** From the click on the launcher until a field is there, takes the keyboard and was drawn. */
async function clickToTyping(page: Page): Promise<number> {
  await page.evaluate(() => {
    const measured = window as unknown as { typing?: Promise<number> }
    measured.typing = new Promise((resolve) => {
      document.querySelector('kuzushi-widget')?.addEventListener(
        'click',
        () => {
          const clicked = performance.now()
          const look = () => {
            const root = document.querySelector('kuzushi-widget')?.shadowRoot
            const field = root?.querySelector('textarea')
            if (field && root?.activeElement === field) resolve(performance.now() - clicked)
            else requestAnimationFrame(look)
          }
          look()
        },
        { capture: true, once: true },
      )
    })
    // A click that nothing announced: on a desktop pointing at it would have begun to fetch.
    document.querySelector('kuzushi-widget')?.shadowRoot?.querySelector<HTMLElement>('.launcher')?.click()
  })
  return page.evaluate(() => (window as unknown as { typing: Promise<number> }).typing)
}

for (const how of CIRCUMSTANCES)
  test(`from a click to typing: ${how.name}`, async ({ browser, server, site }) => {
    const address = site.add(
      '/clinic',
      ordinaryPage({ body: embedCode(server.url, 'stmarys-patient-portal') }),
    )
    const times: number[] = []
    for (let run = 0; run < RUNS; run += 1) {
      const page = await freshPage(browser, address, how)
      times.push(await clickToTyping(page))
      await page.context().close()
    }
    process.stdout.write(`\n${row(`click to typing, ${how.name}`, times)}\n`)
    expect(times).toHaveLength(RUNS)
  })

/** Milliseconds after which browsers call a task long. */
const LONG_TASK = 50

interface Loaded {
  largestPaint: number
  shift: number
  /** Of the whole page, whoever's. */
  longTasks: number
  /** Milliseconds of our scripts in a frame of more than 50, at most; browsers name neither shorter frames nor scripts below 5. */
  ourLongest: number
  requests: number
}

async function load(browser: Browser, address: string, server: KuzushiServer): Promise<Loaded> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US' })
  const page = await context.newPage()
  await slowDown(await context.newCDPSession(page), { name: '', slower: 4 })
  let requests = 0
  page.on('request', (request) => {
    if (request.url().startsWith(server.url)) requests += 1
  })
  await page.addInitScript((origin) => {
    const seen = { largestPaint: 0, shift: 0, longTasks: 0, ourLongest: 0 }
    ;(window as unknown as { seen: typeof seen }).seen = seen
    const observe = (type: string, each: (entry: never) => void) =>
      new PerformanceObserver((list) => list.getEntries().forEach(each as never)).observe({
        type,
        buffered: true,
      })
    observe('largest-contentful-paint', ({ startTime }: PerformanceEntry) => {
      seen.largestPaint = startTime
    })
    observe('layout-shift', ({ value }: { value: number }) => {
      seen.shift += value
    })
    observe('longtask', () => {
      seen.longTasks += 1
    })
    observe('long-animation-frame', ({ scripts }: { scripts: { sourceURL: string; duration: number }[] }) => {
      const ours = scripts.filter(({ sourceURL }) => sourceURL.startsWith(origin))
      seen.ourLongest = Math.max(
        seen.ourLongest,
        ours.reduce((sum, { duration }) => sum + duration, 0),
      )
    })
  }, server.url)
  await page.goto(address, { waitUntil: 'networkidle' })
  await page.waitForTimeout(300)
  const seen = await page.evaluate(() => (window as unknown as { seen: Omit<Loaded, 'requests'> }).seen)
  await context.close()
  return { ...seen, requests }
}

test('a page with the widget and without, on a 4× slower processor', async ({ browser, server, site }) => {
  const text = '<p>We are open from 8 am to 5 pm.</p>'.repeat(60)
  const pages = {
    without: site.add('/without', ordinaryPage({ body: text })),
    with: site.add('/with', ordinaryPage({ body: text + embedCode(server.url, 'stmarys-patient-portal') })),
  }
  const loaded: Record<keyof typeof pages, Loaded[]> = { without: [], with: [] }
  // By turns, so that whatever else the machine does meets both.
  for (let run = 0; run < RUNS; run += 1)
    for (const name of ['without', 'with'] as const)
      loaded[name].push(await load(browser, pages[name], server))
  process.stdout.write('\n')
  for (const name of ['without', 'with'] as const) {
    const of = (key: keyof Loaded) => loaded[name].map((one) => one[key])
    process.stdout.write(`${row(`largest contentful paint, ${name}`, of('largestPaint'))}\n`)
    process.stdout.write(`${row(`layout shift, ${name}`, of('shift'), '   ')}\n`)
    process.stdout.write(`${row(`long tasks, ${name}`, of('longTasks'), '   ')}\n`)
    process.stdout.write(`${row(`scripts of ours in their longest frame, ${name}`, of('ourLongest'))}\n`)
    const long = of('ourLongest').filter((duration) => duration > LONG_TASK)
    process.stdout.write(
      `${`loads with a long task of ours, ${name}`.padEnd(52)}${String(long.length).padStart(8)}\n`,
    )
    process.stdout.write(`${row(`requests to the assistant, ${name}`, of('requests'), '   ')}\n`)
  }
  expect(loaded.with.every(({ shift }) => shift === 0)).toBe(true)
})
