import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { AddressLimits } from '../access/address-limits.ts';
import { LogFailure } from '../log/log-failure.ts';
import { HttpError } from './http-error.ts';
import { answerApi, type ApiAnswer, type ApiServices } from './api/index.ts';
import { sendBytes } from './send-bytes.ts';
import type { Readiness } from './readiness.ts';
import type { StaticFiles } from './static-files.ts';
import { endUnreadBody } from './unread-body.ts';

export interface HttpHandlerOptions {
  readonly api: ApiServices;
  readonly staticFiles: StaticFiles | undefined;
  readonly isAllowedOrigin: (request: IncomingMessage) => boolean;
  readonly ipAddressOf: (request: IncomingMessage) => string;
  readonly limits: AddressLimits;
  /** Whether the process is well; a load balancer asks `readiness` whether to send people here. */
  readonly health: () => Readonly<Record<string, unknown>>;
  readonly readiness: Readiness;
  readonly reportProblem: (error: unknown) => void;
}

const TOO_MANY = 'Your network has asked this relay too often. Wait a moment, then try again.';
const GONE_CODES = new Set<unknown>(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE']);
const TEXT_PAGE = 'This is a Tutti relay. Open a share link in the Tutti app to join a room.\n';

/** Answers all requests that are no WebSocket upgrades. */
export function createHttpHandler(
  options: HttpHandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    endUnreadBody(request, response);
    answer(options, request, response).catch((error: unknown) => {
      const failure = toHttpError(error);
      if (failure.status >= 500 && !isOfGoneClient(error, request)) options.reportProblem(error);
      // Whoever reads it can tell by its end that it is not whole.
      if (response.headersSent || request.socket.destroyed) {
        response.destroy();
        return;
      }
      const { retryAfterMs, contentRange } = failure;
      if (retryAfterMs !== undefined) response.setHeader('Retry-After', Math.ceil(retryAfterMs / 1000));
      if (contentRange !== undefined) response.setHeader('Content-Range', contentRange);
      if (failure.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
      // The rest of the body is not read: the connection is of no further use.
      if (failure.status === 413 || failure.status === 408) response.setHeader('Connection', 'close');
      sendJson(response, failure.status, { error: failure.code, explanation: failure.message });
    });
  };
}

/** Whether the other side has ended the connection, in the middle of its body or of our answer. */
function isOfGoneClient(error: unknown, { socket }: IncomingMessage): boolean {
  return socket.destroyed && error instanceof Error && 'code' in error && GONE_CODES.has(error.code);
}

async function answer(options: HttpHandlerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').replace(/[?#].*$/s, '');
  if (path.startsWith('/api/')) {
    if (!options.isAllowedOrigin(request))
      throw new HttpError(403, 'forbidden-origin', 'This relay does not answer that site.');
    return sendAnswer(response, await answerWithinLimits(options, request, path));
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new HttpError(405, 'method-not-allowed', 'Use GET.');
  if (path === '/.well-known/jwks.json') return sendJson(response, 200, { keys: options.api.authority.publicKeys });
  if (path === '/healthz') return sendJson(response, 200, options.health());
  if (path === '/readyz') {
    const state = await options.readiness.check();
    return sendJson(response, state === 'ready' ? 200 : 503, { status: state });
  }
  if (await options.staticFiles?.answer(request, response, path)) return;
  if (!options.staticFiles && (path === '/' || path.startsWith('/join/'))) return sendText(response, TEXT_PAGE);
  throw new HttpError(404, 'not-found', 'There is nothing at this address.');
}

async function answerWithinLimits(
  { api, limits, ipAddressOf }: HttpHandlerOptions,
  request: IncomingMessage,
  path: string,
): Promise<ApiAnswer> {
  const ipAddress = ipAddressOf(request);
  const waitMs = await limits.takeRequest(ipAddress);
  if (waitMs > 0) throw new HttpError(429, 'too-many-requests', TOO_MANY, { retryAfterMs: waitMs });
  try {
    return await answerApi(api, request, path);
  } catch (error) {
    if (error instanceof HttpError && error.isFailure) await limits.noteFailure(ipAddress);
    throw error;
  }
}

function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof LogFailure) {
    const status = error.code === 'full' ? 507 : 503;
    return new HttpError(
      status,
      `storage-${error.code}`,
      'The relay cannot read or write its database now. Try again later.',
    );
  }
  return new HttpError(500, 'internal', 'The relay failed to answer. Try again later.');
}

async function sendAnswer(response: ServerResponse, answered: ApiAnswer): Promise<void> {
  if ('body' in answered) return sendJson(response, answered.status, answered.body);
  const headers = {
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  };
  if ('bytes' in answered) {
    const { bytes, contentRange, sent } = answered;
    const type = { 'Content-Type': 'application/octet-stream', 'Content-Length': bytes.byteLength };
    const range = contentRange === undefined ? {} : { 'Content-Range': contentRange };
    try {
      response.writeHead(answered.status, { ...headers, ...type, ...range });
      await sendBytes(response, bytes);
    } finally {
      sent?.dispose();
    }
  } else if ('lines' in answered) {
    response.writeHead(answered.status, { ...headers, 'Content-Type': 'application/x-ndjson; charset=utf-8' });
    await pipeline(toLines(answered.lines), response);
  } else {
    response.writeHead(answered.status, headers);
    response.end();
  }
}

async function* toLines(values: AsyncIterable<Readonly<Record<string, unknown>>>): AsyncGenerator<string> {
  for await (const value of values) yield `${JSON.stringify(value)}\n`;
}

function sendJson(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  });
  response.end(text);
}

function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Content-Security-Policy': "default-src 'none'",
  });
  response.end(text);
}
