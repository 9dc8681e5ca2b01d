import { resolve } from 'node:path';
import { defineConfig } from 'vite';
import { listPageFiles, SERVICE_WORKER } from './scripts/build/page-files.ts';

const PAGE = resolve('out/browser');

/** The service worker of the browser client, which is built before: it names each of its files. */
export default defineConfig({
  root: 'desktop/renderer',
  publicDir: false,
  define: { PAGE_BUILD: JSON.stringify(await listPageFiles(PAGE)) },
  build: {
    outDir: PAGE,
    emptyOutDir: false,
    rolldownOptions: {
      checks: { bundlerTimings: false },
      input: resolve('desktop/renderer/service-worker/service-worker.ts'),
      // Not every browser takes modules here.
      output: { format: 'iife', entryFileNames: SERVICE_WORKER },
    },
  },
});
