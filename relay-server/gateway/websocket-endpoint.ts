import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type Disposable, toDisposable } from '../../shared/lifecycle/index.ts';
import type { ServerSocket } from './server-socket.ts';
import { wrapWebSocket } from './websocket-socket.ts';

export interface WebSocketEndpointOptions {
  readonly server: Server;
  readonly isAllowedOrigin: (request: IncomingMessage) => boolean;
  readonly accept: (socket: ServerSocket, room: string) => void;
}

const SYNC_PATH = /^\/sync\/([A-Za-z0-9_-]{1,64})$/;
/** Beyond the protocol's frame limit, so that a frame a little too large still gets the protocol's own answer. */
const MAX_PAYLOAD_BYTES = 256 * 1024;

/** Upgrades `/sync/<room>` (SPEC FR1). Disposing stops taking new sockets; those accepted are not touched. */
export function serveWebSockets({ server, isAllowedOrigin, accept }: WebSocketEndpointOptions): Disposable {
  // Compression would cost far more memory per connection than it saves; chunks can be compressed by themselves.
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_PAYLOAD_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
  });
  const upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', destroyQuietly);
    const room = SYNC_PATH.exec((request.url ?? '').replace(/\?.*$/s, ''))?.[1];
    if (room === undefined) return refuse(stream, '404 Not Found', 'There is nothing to connect to at this address.');
    if (!isAllowedOrigin(request))
      return refuse(stream, '403 Forbidden', 'This relay takes no connections from that site.');
    sockets.handleUpgrade(request, stream, head, (webSocket) => {
      stream.off('error', destroyQuietly);
      accept(wrapWebSocket(webSocket, stream), room);
    });
  };
  server.on('upgrade', upgrade);
  return toDisposable(() => {
    server.off('upgrade', upgrade);
    server.on('upgrade', (_request, stream) => refuse(stream, '503 Service Unavailable', 'The relay is restarting.'));
    sockets.close();
  });
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
