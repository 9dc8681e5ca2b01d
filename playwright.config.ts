import { defineConfig } from '@playwright/test';

/** End-to-end tests of the built app: real Electron windows, a real Chromium and a real relay. */
export default defineConfig({
  testDir: 'desktop/e2e',
  testMatch: '**/*.e2e.ts',
  globalSetup: './scripts/runtimes/playwright-setup.ts',
  outputDir: 'out/e2e',
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 180_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['json', { outputFile: 'out/test/e2e.json' }]],
  use: { actionTimeout: 15_000 },
});
