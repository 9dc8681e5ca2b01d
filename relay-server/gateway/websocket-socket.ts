import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { PingableSocket, ServerSocketEvents } from './server-socket.ts';

const corked = new Set<Duplex>();

// What goes to one socket within a turn of the event loop leaves in one write.
function corkForThisTurn(stream: Duplex): void {
  if (corked.has(stream)) return;
  stream.cork();
  if (corked.size === 0) setImmediate(uncorkAll);
  corked.add(stream);
}

function uncorkAll(): void {
  for (const stream of corked) stream.uncork();
  corked.clear();
}

/** Makes a {@link PingableSocket} of a `ws` socket and the stream under it. */
export function wrapWebSocket(webSocket: WebSocket, stream: Duplex): PingableSocket {
  return {
    listen(events) {
      attach(webSocket, stream, events);
    },
    send(frame) {
      corkForThisTurn(stream);
      webSocket.send(frame, { binary: true, compress: false });
    },
    ping() {
      webSocket.ping();
    },
    close(code, reason) {
      webSocket.close(code, reason);
    },
    terminate() {
      webSocket.terminate();
    },
    get bufferedBytes() {
      return webSocket.bufferedAmount;
    },
  };
}

function attach(webSocket: WebSocket, stream: Duplex, events: ServerSocketEvents): void {
  webSocket.on('message', (data, isBinary) => {
    if (isBinary) events.onFrame(toBytes(data));
    else events.onText();
  });
  stream.on('drain', () => events.onDrain());
  webSocket.on('pong', () => events.onPong?.());
  webSocket.once('close', () => events.onClose());
  // A broken WebSocket frame, or a socket that was reset: `close` follows and is handled there.
  webSocket.on('error', () => webSocket.terminate());
}

function toBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
