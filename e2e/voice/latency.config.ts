import { defineConfig } from '@playwright/test'
import voice from './playwright.config'

/** Not tests: measures how long calls take to answer (`make bench-voice`). */
export default defineConfig({ ...voice, testMatch: 'latency.ts', timeout: 30 * 60_000, reporter: [['line']] })
