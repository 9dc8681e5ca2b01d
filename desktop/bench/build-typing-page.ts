import { resolve } from 'node:path';
import { build } from 'vite';

/** Builds the page of the typing benchmark, as the browser client is built; returns the folder for the relay to serve. */
export async function buildTypingPage(): Promise<string> {
  const root = resolve('desktop/bench/typing-page');
  const outDir = resolve('out/bench/typing-page');
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    worker: { format: 'es' },
    experimental: {
      // The page is served as …/join/ROOM.
      renderBuiltUrl: (name, { hostType }) => (hostType === 'html' ? `../${name}` : { relative: true }),
    },
    build: {
      outDir,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 10_000,
      target: 'esnext',
      rolldownOptions: { checks: { bundlerTimings: false }, input: { browser: resolve(root, 'browser.html') } },
    },
  });
  return outDir;
}
