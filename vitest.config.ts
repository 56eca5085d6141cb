import { defineConfig } from 'vitest/config'

// Unit tests run on React itself: the source has to work on both, and the browser tests run what is shipped, on Preact.
export default defineConfig({
  test: {
    environment: 'happy-dom',
    include: ['packages/*/src/**/*.test.{ts,tsx}', 'scripts/**/*.test.mjs'],
    restoreMocks: true,
    unstubGlobals: true,
  },
})
