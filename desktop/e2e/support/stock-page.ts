import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, resolve } from 'node:path';
import { build } from 'vite';

const ROOT = resolve('desktop/e2e/stock-page');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.ttf': 'font/ttf',
};

/** A site that is not the relay's, with a page of y-monaco and y-websocket on it. Its owner stops it. */
export class StockPage {
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  /** Builds the page and serves it on loopback. */
  static async start(): Promise<StockPage> {
    const folder = resolve('out/e2e-stock-page');
    await build({
      configFile: false,
      root: ROOT,
      base: './',
      logLevel: 'error',
      worker: { format: 'es' },
      // y-monaco imports an address that Monaco no longer exports.
      resolve: { alias: [{ find: /^monaco-editor\/esm\/vs\/(.*)$/, replacement: 'monaco-editor/$1' }] },
      build: {
        outDir: folder,
        emptyOutDir: true,
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: 10_000,
        target: 'esnext',
        rolldownOptions: { checks: { bundlerTimings: false } },
      },
    });
    const server = createServer((request, response) => {
      const path = normalize((request.url ?? '/').replace(/[?#].*$/s, ''));
      const file = path === '/' ? '/index.html' : path;
      readFile(join(folder, file)).then(
        (body) =>
          response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(body),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return new StockPage(server);
  }

  /** The page with a file of a room open. */
  url(options: {
    readonly relayUrl: string;
    readonly room: string;
    readonly token: string;
    readonly path: string;
  }): string {
    const { relayUrl, room, token, path } = options;
    // Always an AddressInfo for a TCP server.
    const { port } = this.server.address() as AddressInfo;
    const server = `${relayUrl.replace(/^http/, 'ws')}/yjs/${room}`;
    return `http://127.0.0.1:${port}/#${new URLSearchParams({ server, token, path }).toString()}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}
