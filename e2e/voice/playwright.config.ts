import { defineConfig } from '@playwright/test'
import base from '../playwright.config'

/** Calls: they want a server built with its voice, and its models (`scripts/voice-test.sh`). */
export default defineConfig({
  ...base,
  testDir: '.',
  testMatch: '*.voice.ts',
  outputDir: '../../test-results/voice',
  // Each talks and listens in real time, on the processors that the others need.
  fullyParallel: false,
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 30_000 },
})
