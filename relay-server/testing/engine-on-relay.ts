import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { type ConnectSocket, RoomSession } from '../../shared/sync/index.ts';
import { systemScheduler } from '../../shared/lifecycle/index.ts';
import { MemoryDisk, MemoryOfflineStore } from '../../shared/testing/memory-offline-store.ts';

const connect: ConnectSocket = (url, events) => {
  let isDone = false;
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on('open', () => events.onOpen());
  socket.on('message', (data) => {
    if (!isDone && Buffer.isBuffer(data)) events.onMessage(data);
  });
  socket.on('error', () => undefined);
  socket.on('close', (code, reason) => {
    if (isDone) return;
    isDone = true;
    events.onClose({ code, reason: reason.toString() });
  });
  return {
    send: (frame) => socket.send(frame),
    close: (code, reason) => socket.close(code, reason),
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    dispose() {
      isDone = true;
      socket.terminate();
    },
  };
};

/** Starts a Tutti engine on a relay of a process of its own; it leaves with the test at the latest. */
export function startEngine(relayUrl: string, room: string, token: string): RoomSession {
  const session = connectEngine(relayUrl, room, token);
  onTestFinished(() => session.leave());
  return session;
}

/** Starts a Tutti engine that whoever calls it lets leave. */
export function connectEngine(relayUrl: string, room: string, token: string): RoomSession {
  return new RoomSession({
    syncUrl: `${relayUrl.replace(/^http/, 'ws')}/sync/${room}`,
    tokenSource: {
      async obtain() {
        return { kind: 'granted', granted: { token, expiresAtMs: Date.now() + 3_600_000 } };
      },
    },
    store: new MemoryOfflineStore(new MemoryDisk()),
    connect,
    scheduler: systemScheduler,
    random: Math.random,
    client: 'test',
    sessionId: `session-${crypto.randomUUID()}`,
  });
}
