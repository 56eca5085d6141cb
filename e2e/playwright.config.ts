import { defineConfig } from '@playwright/test'
import { chromium } from './environment/chromium'

export default defineConfig({
  testDir: './tests',
  outputDir: '../test-results',
  snapshotPathTemplate: '{testDir}/../gallery/{arg}{ext}',
  fullyParallel: true,
  workers: 2,
  forbidOnly: Boolean(process.env.CI),
  // A test that passes at the second try is a broken test.
  retries: 0,
  // Generous, because builds and other tests may share the machine; nothing waits this long when all is well.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    launchOptions: chromium,
    viewport: { width: 1280, height: 800 },
    locale: 'en-US',
    timezoneId: 'America/New_York',
    actionTimeout: 15_000,
    trace: { mode: 'retain-on-failure', screenshots: false },
  },
})
