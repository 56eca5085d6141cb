import { defineConfig } from '@playwright/test'
import base from '../playwright.config'

/** Figures instead of tests: `npm run measure`. One at a time, so that none slows the other. */
export default defineConfig({
  ...base,
  testDir: '.',
  outputDir: '../../test-results',
  testMatch: '*.measure.ts',
  fullyParallel: false,
  workers: 1,
  timeout: 600_000,
  use: { ...base.use, trace: 'off' },
})
