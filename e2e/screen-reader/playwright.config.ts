import { defineConfig } from '@playwright/test'
import { chromium } from '../environment/chromium'
import base from '../playwright.config'

/** What a screen reader says: it wants a screen, a session bus and Orca (`scripts/screen-reader-test.sh`). */
export default defineConfig({
  ...base,
  testDir: '.',
  testMatch: '*.reader.ts',
  outputDir: '../../test-results/screen-reader',
  // There is one screen, and one window on it that has the focus.
  fullyParallel: false,
  workers: 1,
  timeout: 120_000,
  use: {
    ...base.use,
    headless: false,
    launchOptions: { ...chromium, args: [...(chromium.args ?? []), '--force-renderer-accessibility'] },
  },
})
