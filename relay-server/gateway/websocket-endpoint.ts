import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { type Disposable, type Scheduler, toDisposable } from '../../shared/lifecycle/index.ts';
import { CLOSE_CODES } from '../../shared/protocol/index.ts';
import type { PingableSocket, ServerSocket } from './server-socket.ts';
import { UnfinishedFrames } from './unfinished-frames.ts';
import { wrapWebSocket } from './websocket-socket.ts';

/** A y-websocket client that wants in. Its socket is not read before one of the two is done. */
export interface YjsUpgrade {
  /** As in the address, not checked. */
  readonly room: string;
  readonly document: string;
  /** Empty when the address has none. */
  readonly token: string;
  /** Of the client, for limits. */
  readonly ipAddress?: string;
  /** Opens the socket; a client that is not let in may send little. Undefined when it is gone. Called at most once. */
  complete(as: 'admitted' | 'refused'): PingableSocket | undefined;
  /** Ends it without an answer. */
  abandon(): void;
}

export interface WebSocketEndpointOptions {
  readonly server: Server;
  readonly isAllowedOrigin: (request: IncomingMessage) => boolean;
  readonly ipAddressOf: (request: IncomingMessage) => string;
  readonly accept: (socket: ServerSocket, room: string, ipAddress: string) => void;
  readonly acceptYjs: (upgrade: YjsUpgrade) => void;
  /** The largest WebSocket message that a y-websocket client may send. */
  readonly maxYjsMessageBytes: number;
  readonly scheduler: Scheduler;
}

const SYNC_PATH = /^\/sync\/([A-Za-z0-9_-]{1,64})$/;
const YJS_PATH = /^\/yjs\/([^/]*)\/(.*)$/;
/** Beyond the protocol's frame limit, so that a frame a little too large still gets the protocol's own answer. */
const MAX_PAYLOAD_BYTES = 256 * 1024;
/** RFC 6455, section 7.4.1. */
const MESSAGE_TOO_BIG = 1009;

/**
 * Upgrades `/sync/<room>` (SPEC FR1) and `/yjs/<room>/<document>`. Disposing stops taking new sockets; those accepted
 * are not touched.
 */
export function serveWebSockets(options: WebSocketEndpointOptions): Disposable {
  const { server, isAllowedOrigin, ipAddressOf, accept, acceptYjs, maxYjsMessageBytes } = options;
  const sockets = createSockets(MAX_PAYLOAD_BYTES);
  const yjsSockets = createSockets(maxYjsMessageBytes);
  const unfinished = new UnfinishedFrames(options.scheduler);
  const upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', destroyQuietly);
    const yjsAddress = parseYjsAddress(request.url ?? '');
    // Pages for Yjs are at home on other sites; what lets them in is the token in the address, which no browser adds.
    const ipAddress = ipAddressOf(request);
    if (yjsAddress) {
      const address = { ...yjsAddress, ipAddress };
      return acceptYjs(createYjsUpgrade(request, stream, head, address, { sockets, yjsSockets, unfinished }));
    }
    const room = SYNC_PATH.exec((request.url ?? '').replace(/\?.*$/s, ''))?.[1];
    if (room === undefined) return refuse(stream, '404 Not Found', 'There is nothing to connect to at this address.');
    if (!isAllowedOrigin(request))
      return refuse(stream, '403 Forbidden', 'This relay takes no connections from that site.');
    sockets.handleUpgrade(request, stream, head, (webSocket) => {
      stream.off('error', destroyQuietly);
      accept(wrapWebSocket(webSocket, stream, unfinished), room, ipAddress);
    });
  };
  server.on('upgrade', upgrade);
  return toDisposable(() => {
    server.off('upgrade', upgrade);
    server.on('upgrade', (_request, stream) => refuse(stream, '503 Service Unavailable', 'The relay is restarting.'));
    sockets.close();
    yjsSockets.close();
    unfinished.dispose();
  });
}

function createSockets(maxPayload: number): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    maxPayload,
    // Compression would cost far more memory per connection than it saves; chunks can be compressed by themselves.
    perMessageDeflate: false,
    clientTracking: false,
    WebSocket: RelayWebSocket,
  });
}

/** WebSocket's own code for what is too large, which `ws` closes with, would bring clients back with the same again. */
class RelayWebSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    if (code === MESSAGE_TOO_BIG) super.close(CLOSE_CODES.tooLarge, 'The message is too large.');
    else super.close(code, reason);
  }
}

function parseYjsAddress(url: string): { room: string; document: string; token: string } | undefined {
  const [path = '', query = ''] = url.split('?', 2);
  const [, room, document] = YJS_PATH.exec(path) ?? [];
  if (room === undefined || document === undefined) return undefined;
  return { room, document, token: new URLSearchParams(query).get('token') ?? '' };
}

interface YjsServices {
  readonly sockets: WebSocketServer;
  readonly yjsSockets: WebSocketServer;
  readonly unfinished: UnfinishedFrames;
}

function createYjsUpgrade(
  request: IncomingMessage,
  stream: Duplex,
  head: Buffer,
  address: Pick<YjsUpgrade, 'room' | 'document' | 'token' | 'ipAddress'>,
  { sockets, yjsSockets, unfinished }: YjsServices,
): YjsUpgrade {
  return {
    ...address,
    complete(as) {
      let socket: PingableSocket | undefined;
      // Answers at once: with a socket, or with an error to the client.
      (as === 'admitted' ? yjsSockets : sockets).handleUpgrade(request, stream, head, (webSocket) => {
        stream.off('error', destroyQuietly);
        socket = wrapWebSocket(webSocket, stream, unfinished);
      });
      return socket;
    },
    abandon() {
      stream.destroy();
    },
  };
}

function destroyQuietly(this: Duplex): void {
  this.destroy();
}

function refuse(stream: Duplex, status: string, explanation: string): void {
  // A client that keeps its side open must not keep the socket.
  stream.once('finish', () => stream.destroy());
  stream.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(explanation)}\r\n\r\n${explanation}`,
  );
}
