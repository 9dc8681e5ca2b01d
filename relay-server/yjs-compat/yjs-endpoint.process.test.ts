import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import * as Y from 'yjs';
import { PROTOCOL_LIMITS } from '../../shared/protocol/index.ts';
import { startRelay, tokenFor } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { encodeSyncStep1, encodeUpdate } from './y-message.ts';

function open(url: string, headers: Record<string, string> = {}): WebSocket {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  onTestFinished(() => socket.terminate());
  return socket;
}

function closeCodeOf(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve));
}

describe('the address of y-websocket clients', () => {
  it('[YW1] takes pages of any origin, by their token', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    const base = relay.url.replace(/^http/, 'ws');
    const token = await tokenFor(data, 'r');
    const socket = open(`${base}/yjs/r/doc?token=${token}`, { Origin: 'https://elsewhere.example' });
    await once(socket, 'open');
    socket.send(encodeSyncStep1(new Uint8Array([0])));
    await once(socket, 'message');
    for (const query of ['', '?token=', `?token=${token}x`, `?other=${token}`, '?token=%00%ff&token=x']) {
      expect([query, await closeCodeOf(open(`${base}/yjs/r/doc${query}`))]).toEqual([query, 4401]);
    }
    expect(await closeCodeOf(open(`${base}/yjs/other-room/doc?token=${token}`))).toBe(4401);
    expect(await closeCodeOf(open(`${base}/yjs/r/..%2Fdoc?token=${token}`))).toBe(4404);
    expect(await closeCodeOf(open(`${base}/yjs/r/a/b?token=${token}`))).toBe(4404);
    const nowhere = open(`${base}/yjs/r`);
    const error = await new Promise<Error>((resolve) => nowhere.once('error', resolve));
    expect(error.message).toContain('404');
  });

  it('[YW2] takes messages as long as an update may be, and no longer', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    const url = `${relay.url.replace(/^http/, 'ws')}/yjs/r/doc?token=${await tokenFor(data, 'r')}`;
    const doc = new Y.Doc();
    doc.getText('content').insert(0, 'x'.repeat(PROTOCOL_LIMITS.maxUpdateBytes - 100));
    const writer = open(url);
    await once(writer, 'open');
    writer.send(encodeSyncStep1(new Uint8Array([0])));
    await once(writer, 'message');
    writer.send(encodeUpdate(Y.encodeStateAsUpdate(doc)));
    const reader = open(url);
    await once(reader, 'open');
    const copy = new Y.Doc();
    reader.on('message', (data_) => {
      if (!Buffer.isBuffer(data_) || data_[0] !== 0 || data_.byteLength < 1_000_000) return;
      // Codes, then the length in four bytes.
      Y.applyUpdate(copy, data_.subarray(6));
      copy.emit('load', [copy]);
    });
    const loaded = new Promise<void>((resolve) => copy.once('load', () => resolve()));
    reader.send(encodeSyncStep1(new Uint8Array([0])));
    await loaded;
    expect(copy.getText('content').length).toBe(PROTOCOL_LIMITS.maxUpdateBytes - 100);
    const closed = closeCodeOf(writer);
    writer.send(new Uint8Array(PROTOCOL_LIMITS.maxUpdateBytes + 1_000));
    expect(await closed).toBe(4413);
    expect((await fetch(`${relay.url}/healthz`)).status).toBe(200);
  });

  it('holds no more of messages that never end than it can afford, and serves others meanwhile', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    const base = `${relay.url.replace(/^http/, 'ws')}/yjs/r/doc?token=`;
    const [viewer, editor] = [await tokenFor(data, 'r', 'viewer'), await tokenFor(data, 'r')];
    const honest = open(base + editor);
    await once(honest, 'open');
    const sockets = Array.from({ length: 16 }, () => open(base + viewer));
    const closes = sockets.map((socket) => closeCodeOf(socket));
    await Promise.all(sockets.map((socket) => once(socket, 'open')));
    for (const socket of sockets) socket.send(new Uint8Array(15 * 1024 * 1024), { fin: false });
    expect(await Promise.any(closes)).toBe(1006);
    honest.send(encodeSyncStep1(new Uint8Array([0])));
    await once(honest, 'message');
    expect(sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length).toBeGreaterThan(8);
  });
});
