import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import type { RelayMessage } from '../../shared/protocol/index.ts';
import { RawClient } from './raw-client.ts';

/** A raw client on a real socket. */
export interface WebSocketClient {
  readonly client: RawClient;
  readonly socket: WebSocket;
  /** Resolves with the first message, already there or still to come, that satisfies `isWanted`; rejects when the socket closes. */
  until<T extends RelayMessage['type']>(
    type: T,
    isWanted?: (message: Extract<RelayMessage, { type: T }>) => boolean,
  ): Promise<Extract<RelayMessage, { type: T }>>;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
}

/** Opens a socket to a room of a relay; it is ended with the test at the latest. */
export async function openWebSocket(
  relayUrl: string,
  room: string,
  headers: Record<string, string> = {},
): Promise<WebSocketClient> {
  const socket = new WebSocket(`${relayUrl.replace(/^http/, 'ws')}/sync/${room}`, { headers });
  onTestFinished(() => socket.terminate());
  const waiting = new Set<() => void>();
  const client = new RawClient((frame) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(frame);
  });
  socket.on('message', (data) => {
    if (Buffer.isBuffer(data)) client.take(data);
    for (const check of [...waiting]) check();
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.on('error', reject);
  });
  return {
    client,
    socket,
    closed,
    until(type, isWanted = () => true) {
      return new Promise((resolve, reject) => {
        const check = () => {
          const found = client.all(type).find(isWanted);
          if (!found) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
        void closed.then((code) => reject(new Error(`closed with ${code} before ${type} came`)));
      });
    },
  };
}
