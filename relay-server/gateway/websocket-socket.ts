import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { PingableSocket, ServerSocketEvents } from './server-socket.ts';
import { SocketWriter } from './socket-writer.ts';
import { toBinaryFrame } from './websocket-frame.ts';

/**
 * Makes a {@link PingableSocket} of a `ws` socket and the stream under it. Messages are written to the stream directly,
 * which `ws` allows for as long as nothing is compressed or sent in fragments: it costs half as much.
 */
export function wrapWebSocket(webSocket: WebSocket, stream: Duplex): PingableSocket {
  const writer = new SocketWriter(stream);
  return {
    listen(events) {
      attach(webSocket, stream, events);
    },
    send(frame, isPatient = false) {
      if (webSocket.readyState === webSocket.OPEN) writer.push(toBinaryFrame(frame), isPatient);
    },
    ping() {
      webSocket.ping();
    },
    close(code, reason) {
      writer.flush();
      webSocket.close(code, reason);
    },
    terminate() {
      writer.clear();
      webSocket.terminate();
    },
    get bufferedBytes() {
      return writer.bufferedBytes;
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
