import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const OUTPUT = resolve('out/browser');

const QUIET = { bundlerTimings: false };

/** The client that the relay serves to guests in a browser. */
export default defineConfig({
  root: 'desktop/renderer',
  plugins: [react()],
  worker: { format: 'es' },
  experimental: {
    // The page is served as …/join/ROOM, below whatever path a relay has.
    renderBuiltUrl: (name, { hostType }) => (hostType === 'html' ? `../${name}` : { relative: true }),
  },
  build: {
    outDir: OUTPUT,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 10_000,
    rolldownOptions: { checks: QUIET, input: { browser: resolve('desktop/renderer/browser.html') } },
  },
});
