import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.ttf': 'font/ttf',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

const GUEST_PAGE = '/browser.html';
const JOIN_PATH = /^\/join\/[A-Za-z0-9_-]{1,64}\/?$/;
const HASHED_NAME = /^\/assets\/.*[-.][A-Za-z0-9_-]{8,}\.\w+$/;
const HOST = /^[A-Za-z0-9.[\]:-]{1,255}$/;

/** Serves a folder of built files. Only what was there at the start is served, so no path can lead out of it. */
export class StaticFiles {
  private readonly files: ReadonlyMap<string, string>;

  private constructor(files: ReadonlyMap<string, string>) {
    this.files = files;
  }

  /** Lists `folder`. Rejects when it cannot be read or holds no browser client. */
  static async open(folder: string): Promise<StaticFiles> {
    const files = new Map<string, string>();
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(path.slice(join(folder, '.').length).replaceAll('\\', '/').replace(/^\/*/, '/'), path);
    }
    if (!files.has(GUEST_PAGE))
      throw new Error(`The folder ${folder} has no browser.html. Build the browser client first.`);
    return new StaticFiles(files);
  }

  /** Answers a request for a page or file; false when there is none at `path`. */
  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
    const name = path === '/' || JOIN_PATH.test(path) ? GUEST_PAGE : decode(path);
    const file = name === undefined ? undefined : this.files.get(name);
    if (name === undefined || file === undefined) return false;
    const { size } = await stat(file);
    response.writeHead(200, {
      'Content-Type': CONTENT_TYPES[extname(name)] ?? 'application/octet-stream',
      'Content-Length': size,
      'Cache-Control': HASHED_NAME.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
      'Content-Security-Policy': contentSecurityPolicy(request.headers.host),
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
    });
    if (request.method === 'HEAD') response.end();
    else await pipeline(createReadStream(file), response);
    return true;
  }
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function contentSecurityPolicy(host: string | undefined): string {
  const sockets = host !== undefined && HOST.test(host) ? ` ws://${host} wss://${host}` : '';
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self'",
    "img-src 'self' data:",
    "worker-src 'self'",
    `connect-src 'self'${sockets}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
