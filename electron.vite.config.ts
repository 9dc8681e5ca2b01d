import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';

// Native modules are loaded from node_modules; ws tries the last two and does without them.
const NATIVE_MODULES = ['better-sqlite3', '@parcel/watcher', 'bufferutil', 'utf-8-validate'];

const QUIET = { bundlerTimings: false };

// Electron 33, the runtime of the tests where there is no other, has this Node and Chrome 130.
const NODE_TARGET = 'node20.18';

export default defineConfig({
  main: {
    build: {
      outDir: 'out/desktop/main',
      target: NODE_TARGET,
      externalizeDeps: false,
      sourcemap: true,
      minify: false,
      rolldownOptions: {
        checks: QUIET,
        input: {
          index: resolve('desktop/main/index.ts'),
          'compaction-worker': resolve('desktop/main/store/compaction-worker.ts'),
          'merge-worker': resolve('desktop/main/workspace/merge-worker.ts'),
        },
        external: ['electron', ...NATIVE_MODULES],
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name]-[hash].cjs' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/desktop/preload',
      target: NODE_TARGET,
      externalizeDeps: false,
      minify: false,
      rolldownOptions: {
        checks: QUIET,
        input: { index: resolve('desktop/preload/index.ts') },
        external: ['electron'],
        // A sandboxed preload script can load nothing but itself.
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  },
  renderer: {
    root: 'desktop/renderer',
    plugins: [react()],
    worker: { format: 'es' },
    build: {
      outDir: resolve('out/desktop/renderer'),
      target: 'chrome130',
      // The page's policy allows images as data, but neither fonts nor scripts.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 10_000,
      rolldownOptions: { checks: QUIET, input: { index: resolve('desktop/renderer/index.html') } },
    },
  },
});
