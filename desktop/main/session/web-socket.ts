import { WebSocket } from 'ws';
import type { ConnectSocket } from '../../../shared/sync/message-socket.ts';
import { PROTOCOL_LIMITS } from '../../../shared/protocol/index.ts';

/** How long the opening handshake may take. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Sockets of the engine in Node and Electron, over `ws`. */
export const connectWebSocket: ConnectSocket = (url, events) => {
  let isDone = false;
  let failure = '';
  let httpStatus: number | undefined;
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    maxPayload: PROTOCOL_LIMITS.maxFrameBytes * 2,
  });
  socket.binaryType = 'nodebuffer';
  socket.on('open', () => {
    if (!isDone) events.onOpen();
  });
  socket.on('message', (data, isBinary) => {
    if (isDone || !Buffer.isBuffer(data)) return;
    if (isBinary) events.onMessage(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    else socket.close(1003, 'binary frames only');
  });
  socket.on('unexpected-response', (_request, { statusCode }) => {
    httpStatus = statusCode;
    socket.terminate();
  });
  socket.on('error', (error) => {
    failure = error.message;
  });
  socket.on('close', (code, reason) => {
    if (isDone) return;
    isDone = true;
    const status = httpStatus === undefined ? {} : { httpStatus };
    events.onClose({ code, reason: reason.toString('utf8') || failure, ...status });
  });
  return {
    send(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(frame);
    },
    close(code, reason) {
      socket.close(code, reason);
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    dispose() {
      if (isDone) return;
      isDone = true;
      socket.terminate();
    },
  };
};
