import type { ConnectSocket } from '../../../shared/sync/message-socket.ts';

/** Sockets of the engine in a browser page. */
export const connectBrowserSocket: ConnectSocket = (url, events) => {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  let isDone = false;
  socket.onopen = () => {
    if (!isDone) events.onOpen();
  };
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (!isDone && data instanceof ArrayBuffer) events.onMessage(new Uint8Array(data));
  };
  socket.onclose = ({ code, reason }) => {
    if (isDone) return;
    isDone = true;
    events.onClose({ code, reason });
  };
  return {
    send(frame) {
      // A view on a SharedArrayBuffer cannot be sent; frames never are one.
      if (socket.readyState === WebSocket.OPEN) socket.send(new Uint8Array(frame));
    },
    close(code, reason) {
      socket.close(browserCloseCode(code), reason);
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    dispose() {
      isDone = true;
      socket.close();
    },
  };
};

/** Pages may only close with 1000 or 3000–4999. */
function browserCloseCode(code: number): number {
  return code === 1000 || code >= 3000 ? code : 4000;
}
