import { afterEach, beforeEach, expect, test, vi } from 'vitest'

let error: ReturnType<typeof vi.spyOn>

beforeEach(() => {
  error = vi.spyOn(console, 'error').mockReturnValue(undefined)
  vi.resetModules()
})

afterEach(() => {
  delete window.Kuzushi
})

async function runSnippet(src = '') {
  const script = document.createElement('script')
  if (src) Object.defineProperty(script, 'src', { value: src })
  vi.spyOn(document, 'currentScript', 'get').mockReturnValue(script)
  await import('./snippet.js')
  await new Promise((resolve) => setTimeout(resolve))
}

test('makes a function that queues', async () => {
  await runSnippet()
  window.Kuzushi?.('show')
  window.Kuzushi?.('open', 'history')
  expect(window.Kuzushi?.q).toEqual([
    { method: 'show', args: [] },
    { method: 'open', args: ['history'] },
  ])
})

test('keeps the stub that a page pasted, and what it has queued', async () => {
  const stub = ((method: string, ...args: unknown[]) => {
    window.Kuzushi?.q?.push({ method, args })
  }) as NonNullable<typeof window.Kuzushi>
  stub.q = [{ method: 'show', args: [] }]
  window.Kuzushi = stub
  await runSnippet()
  expect(window.Kuzushi).toBe(stub)
  expect(stub.q).toEqual([{ method: 'show', args: [] }])
})

test('a loader that cannot be fetched is a line in the console, never an exception in the page', async () => {
  await runSnippet('https://api.invalid/widget/v1/snippet.js')
  await vi.waitFor(() => expect(error).toHaveBeenCalledOnce())
})

test('running twice asks for the loader once', async () => {
  await runSnippet('https://api.invalid/widget/v1/snippet.js')
  await vi.waitFor(() => expect(error).toHaveBeenCalledOnce())
  vi.resetModules()
  await runSnippet('https://api.invalid/widget/v1/snippet.js')
  expect(error).toHaveBeenCalledOnce()
})
