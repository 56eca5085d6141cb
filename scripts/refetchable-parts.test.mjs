import { expect, test } from 'vitest'
import { askUnderNewAddresses, takeFromTheRunningEntry } from './refetchable-parts.mjs'

test('the entry asks for a part with its own query and a fragment that is new each time', () => {
  const written = 'lazy(() => __vitePreload(() => import("./part-1.js"), __VITE_PRELOAD__, import.meta.url))'
  expect(askUnderNewAddresses(written)).toBe(
    'lazy(() => import("./part-1.js" + new URL(import.meta.url).search + "#" + Date.now()))',
  )
})

test('a part takes what it shares from the entry that was given that query', () => {
  const written =
    'import { a, C as b$1, _ as withEntries } from "./widget-1.js";\n\na(b$1);\nexport { withEntries };\n'
  expect(takeFromTheRunningEntry(written)).toBe(
    'const { a, C: b$1, _: withEntries } = await import("./widget-1.js" + new URL(import.meta.url).search);\n\na(b$1);\nexport { withEntries };\n',
  )
})

test('stops the build where the bundler writes something else', () => {
  expect(() => askUnderNewAddresses('lazy(() => import("./part-1.js"))')).toThrow()
  expect(() => askUnderNewAddresses('__vitePreload(() => import("./part-1.js"), __VITE_PRELOAD__)')).toThrow()
  expect(() => takeFromTheRunningEntry('alone()')).toThrow()
  expect(() =>
    takeFromTheRunningEntry('import { a } from "./widget-1.js";\nimport { b } from "./shared-1.js";\n'),
  ).toThrow()
})
