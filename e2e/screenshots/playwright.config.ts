import { defineConfig } from '@playwright/test'
import { chromium } from '../environment/chromium'

/** Not tests: takes the pictures that README and documentation show. */
export default defineConfig({
  testDir: '.',
  testMatch: '*.shots.ts',
  outputDir: '../../test-results',
  workers: 1,
  reporter: [['line']],
  use: { launchOptions: chromium, locale: 'en-US', timezoneId: 'America/New_York', actionTimeout: 15_000 },
})
