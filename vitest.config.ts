import { join } from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import react from '@vitejs/plugin-react';
import { configDefaults, defineConfig } from 'vitest/config';
import { CHROMIUM_ARGUMENTS, chromiumPath } from './scripts/runtimes/chromium.ts';

const BROWSER_TESTS = '**/*.browser.test.{ts,tsx}';
const PROCESS_TESTS = '**/*.process.test.ts';
const OUTSIDE = [...configDefaults.exclude, 'out/**', 'desktop/e2e/**'];
const SET_UP = ['./shared/testing/fail-on-leaks.ts'];

// Every thread and process of a test would strip the same types again. Theirs are inherited from here.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/node-compile');

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: ['**/*.test.{ts,tsx}'],
          exclude: [...OUTSIDE, BROWSER_TESTS, PROCESS_TESTS],
          setupFiles: SET_UP,
          // By default one core stays idle.
          maxWorkers: '100%',
        },
      },
      {
        plugins: [react()],
        // y-monaco imports an address that Monaco no longer exports.
        resolve: { alias: [{ find: /^monaco-editor\/esm\/vs\/(.*)$/, replacement: 'monaco-editor/$1' }] },
        // All dependencies are found before the first test: one found late makes vite reload the page under the tests.
        optimizeDeps: { entries: [BROWSER_TESTS, 'desktop/renderer/**/*.{ts,tsx}'] },
        test: {
          name: 'browser',
          include: [BROWSER_TESTS],
          exclude: OUTSIDE,
          setupFiles: SET_UP,
          testTimeout: 20_000,
          api: { host: '127.0.0.1' },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: chromiumPath(), args: [...CHROMIUM_ARGUMENTS] } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        test: {
          name: 'process',
          environment: 'node',
          include: [PROCESS_TESTS],
          exclude: OUTSIDE,
          setupFiles: SET_UP,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
