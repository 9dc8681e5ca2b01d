import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RelayRequest } from '../../shared/sync/administration/index.ts';
import { downloadBlob, uploadBlob } from '../../shared/sync/blobs/index.ts';
import { BLOB_PART_BYTES } from '../../shared/workspace/index.ts';
import { createBlobClient, hashOf, MemorySink, sourceOf } from '../testing/blob-client.ts';
import { startRelay, tokenFor } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { S3Server } from '../testing/s3-server.ts';
import { openSqliteStorage } from '../log/sqlite.ts';

const PARTS = 4;
const ROOM = 'room';

let s3: S3Server;
beforeAll(async () => {
  s3 = await S3Server.start();
});
afterAll(() => s3.dispose());

function locate(bucket: string): string {
  return `s3://${bucket}/relay?endpoint=${encodeURIComponent(s3.endpoint)}&region=us-east-1&path-style=true`;
}

/** Whether a request is the first one of a part. */
function beginsPart({ method, headers }: RelayRequest): boolean {
  return method === 'PUT' || headers?.['Upload-Offset'] === '0';
}

describe.each(['a folder', 'a bucket'])('blobs in %s', (where) => {
  const argsOf = () => (where === 'a folder' ? [] : ['--s3', locate(s3.createBucket())]);

  it('survive an end of the relay at any part, and go on from there', { timeout: 60_000 }, async () => {
    const data = temporaryFolder();
    const args = ['--data', data, ...argsOf()];
    const token = await tokenFor(data, ROOM);
    const bytes = randomBytes((PARTS - 1) * BLOB_PART_BYTES + 12_345);
    const blob = hashOf(bytes);
    const durable = new Set<string>();
    const sentAgain: string[] = [];
    for (let crash = 0; crash <= PARTS; crash++) {
      const relay = await startRelay(...args);
      let ending: Promise<unknown> | undefined;
      let begun = 0;
      const client = createBlobClient({
        url: relay.url,
        room: ROOM,
        token,
        onAnswer: ({ method, url }, status) => {
          if (method !== 'GET' && status === 204) durable.add(new URL(url).pathname);
        },
        onRequest: (request) => {
          const { pathname } = new URL(request.url);
          const isBegin = beginsPart(request);
          if (isBegin && durable.has(pathname)) sentAgain.push(pathname);
          // The last time while the whole is being checked.
          const isEnd = request.method === 'POST' || (isBegin && ++begun === 2);
          // Before, while and after it is taken: the signal travels as the request does.
          if (isEnd && crash < PARTS) ending ??= relay.end('SIGKILL');
        },
      });
      const outcome = await uploadBlob(client, blob, sourceOf(bytes));
      await (ending ?? relay.end('SIGKILL'));
      if (outcome.kind === 'done') break;
      expect(outcome).toMatchObject({ kind: 'failed', reason: 'unavailable' });
    }
    expect(durable.size).toBeGreaterThan(0);
    expect(sentAgain).toEqual([]);
    const relay = await startRelay(...args);
    const client = createBlobClient({ url: relay.url, room: ROOM, token });
    expect(await uploadBlob(client, blob, sourceOf(bytes))).toEqual({ kind: 'done' });
    const sink = new MemorySink();
    expect(await downloadBlob(client, blob, sink)).toEqual({ kind: 'done' });
    expect(hashOf(sink.bytes)).toBe(blob);
    const storage = openSqliteStorage(join(data, 'relay.db'));
    onTestFinished(() => storage.dispose());
    const charged = await storage.blobs.roomBytes({ tenant: 'default', room: ROOM });
    expect(charged).toBe(bytes.byteLength);
    expect(relay.errors()).toBe('');
  });

  it('are fetched on from where a download was broken off', async () => {
    const data = temporaryFolder();
    const args = ['--data', data, ...argsOf()];
    const token = await tokenFor(data, ROOM);
    const bytes = randomBytes(4 * BLOB_PART_BYTES);
    const blob = hashOf(bytes);
    const first = await startRelay(...args);
    const progress: number[] = [];
    const uploaded = await uploadBlob(createBlobClient({ url: first.url, room: ROOM, token }), blob, sourceOf(bytes), {
      onProgress: ({ doneBytes, totalBytes }) => progress.push(doneBytes / totalBytes),
    });
    expect(uploaded).toEqual({ kind: 'done' });
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.length).toBeGreaterThan(4);
    expect(progress.at(-1)).toBe(1);
    const sink = new MemorySink();
    const gets = new Set<string>();
    const begun = createBlobClient({
      url: first.url,
      room: ROOM,
      token,
      onRequest: ({ url }) => {
        if (/parts/.test(url) && gets.add(url).size === 3) void first.end('SIGKILL');
      },
    });
    expect(await downloadBlob(begun, blob, sink)).toMatchObject({ kind: 'failed', reason: 'unavailable' });
    const second = await startRelay(...args);
    const again = new Set<string>();
    const goingOn = createBlobClient({
      url: second.url,
      room: ROOM,
      token,
      onRequest: ({ url }) => void (/parts/.test(url) && again.add(url)),
    });
    expect(await downloadBlob(goingOn, blob, sink)).toEqual({ kind: 'done' });
    expect(hashOf(sink.bytes)).toBe(blob);
    expect(again.size).toBeLessThan(4);
    expect(again.size).toBeGreaterThan(0);
  });
});

describe('blobs in a folder', () => {
  it('whose parts are damaged are not read, and are sent again once that is found', async () => {
    const data = temporaryFolder();
    const token = await tokenFor(data, ROOM);
    const relay = await startRelay('--data', data);
    const bytes = randomBytes(2 * BLOB_PART_BYTES);
    const blob = hashOf(bytes);
    const client = createBlobClient({ url: relay.url, room: ROOM, token });
    const put = (part: number) =>
      client.requests.send({
        method: 'PUT',
        path: `blobs/${blob}/parts/${part}`,
        bytes: bytes.subarray(part * BLOB_PART_BYTES, (part + 1) * BLOB_PART_BYTES),
        headers: { 'X-Content-SHA256': hashOf(bytes.subarray(part * BLOB_PART_BYTES, (part + 1) * BLOB_PART_BYTES)) },
      });
    for (const part of [0, 1]) expect(await put(part)).toMatchObject({ status: 204 });
    const folder = join(data, 'blobs');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    writeFileSync(join(folder, files.find((name) => /\/1-[0-9a-f]{64}$/.test(name)) ?? 'missing'), 'damaged');
    let puts = 0;
    const watched = createBlobClient({
      url: relay.url,
      room: ROOM,
      token,
      onRequest: (request) => void (beginsPart(request) && puts++),
    });
    expect(await uploadBlob(watched, blob, sourceOf(bytes))).toEqual({ kind: 'done' });
    expect(puts).toBe(1);
    const sink = new MemorySink();
    expect(await downloadBlob(client, blob, sink)).toEqual({ kind: 'done' });
  });
});
