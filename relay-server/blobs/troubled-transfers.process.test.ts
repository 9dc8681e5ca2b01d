import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { BLOB_PART_BYTES } from '../../shared/workspace/index.ts';
import { contentHash } from '../log/content-hash.ts';
import { RelayCluster } from '../testing/relay-cluster.ts';
import { startRelay, tokenFor } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';

const ROOM_PARTS = 5;
const MAX_GROWTH_BYTES = 96 * 2 ** 20;

/** Somebody who sends and fetches parts at one node. */
function person(url: string, room: string, token: string) {
  const ask = async (method: string, path: string, headers: Readonly<Record<string, string>>, body?: string | Blob) => {
    const authorized = { Authorization: `Bearer ${token}`, ...headers };
    const response = await fetch(`${url}/api/rooms/${room}/blobs/${path}`, {
      method,
      headers: authorized,
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, text: await response.text() };
  };
  return {
    put(blob: string, part: number, bytes: Uint8Array) {
      const headers = { 'Content-Type': 'application/octet-stream', 'X-Content-SHA256': contentHash(bytes) };
      return ask('PUT', `${blob}/parts/${part}`, headers, new Blob([new Uint8Array(bytes)]));
    },
    finish(blob: string, parts: readonly Uint8Array[]) {
      const sizeBytes = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
      const claim = { sizeBytes, parts: parts.map(contentHash) };
      return ask('POST', blob, { 'Content-Type': 'application/json' }, JSON.stringify(claim));
    },
    look: (blob: string) => ask('GET', blob, {}),
    get: (blob: string, part: number) => ask('GET', `${blob}/parts/${part}`, {}),
  };
}

function blobOf(partCount: number) {
  const parts = Array.from({ length: partCount }, () => randomBytes(BLOB_PART_BYTES));
  return { parts, blob: contentHash(Buffer.concat(parts)) };
}

function statusOf({ status }: { readonly status: number }): number {
  return status;
}

describe('blobs at two nodes of one database and bucket', () => {
  let cluster: RelayCluster;
  beforeAll(async () => {
    vi.stubEnv('TUTTI_MAX_ROOM_BLOB_BYTES', `${ROOM_PARTS}MiB`);
    cluster = await RelayCluster.start(2);
    vi.unstubAllEnvs();
  });
  afterAll(() => cluster.dispose());

  async function at(room: string) {
    const token = await cluster.createToken(room);
    const [one, other] = cluster.nodes.map(({ url }) => person(url, room, token));
    if (!one || !other) throw new Error('there are not two nodes');
    return [one, other] as const;
  }

  it('are sent to both, and made whole by both at once', async () => {
    const [one, other] = await at('both');
    const { blob, parts } = blobOf(4);
    const puts = parts.flatMap((bytes, part) => [one.put(blob, part, bytes), other.put(blob, part, bytes)]);
    expect(new Set((await Promise.all(puts)).map(statusOf))).toEqual(new Set([204]));
    const finished = await Promise.all([one, other, one, other].map((node) => node.finish(blob, parts)));
    expect(finished.map(statusOf)).toEqual([204, 204, 204, 204]);
    // What came twice is charged once: there is room for one more.
    expect(await one.put('a'.repeat(64), 0, randomBytes(BLOB_PART_BYTES))).toMatchObject({ status: 204 });
    expect(await other.put('a'.repeat(64), 1, randomBytes(BLOB_PART_BYTES))).toMatchObject({ status: 409 });
  });

  it('take together no more of a room than it may have', async () => {
    const [one, other] = await at('full');
    const sent = await Promise.all(
      Array.from({ length: 4 }, (_, part) => part).flatMap((part) => [
        one.put('a'.repeat(64), part, randomBytes(BLOB_PART_BYTES)),
        other.put('b'.repeat(64), part, randomBytes(BLOB_PART_BYTES)),
      ]),
    );
    expect(sent.map(statusOf).toSorted((a, b) => a - b)).toEqual([204, 204, 204, 204, 204, 409, 409, 409]);
  });

  it('show nothing while the bucket is away, say so, and go on when it is back', { timeout: 60_000 }, async () => {
    const [one, other] = await at('away');
    const { blob, parts } = blobOf(2);
    const [first = Buffer.alloc(1), second = Buffer.alloc(1)] = parts;
    expect(await one.put(blob, 0, first)).toMatchObject({ status: 204 });
    await cluster.s3.kill();
    expect(await one.put(blob, 1, second)).toMatchObject({
      status: 503,
      text: expect.stringContaining('storage-') as unknown,
    });
    expect(await other.look(blob)).toMatchObject({
      status: 200,
      text: expect.stringContaining('"uploading"') as unknown,
    });
    expect(await other.finish(blob, parts)).toMatchObject({
      status: 409,
      text: expect.stringContaining('[1]') as unknown,
    });
    await cluster.s3.start();
    expect(await other.put(blob, 1, second)).toMatchObject({ status: 204 });
    await cluster.s3.kill();
    expect(await one.finish(blob, parts)).toMatchObject({
      status: 503,
      text: expect.stringContaining('storage-') as unknown,
    });
    expect(await one.get(blob, 0)).toMatchObject({ status: 404 });
    await cluster.s3.start();
    expect(await one.finish(blob, parts)).toMatchObject({ status: 204 });
    expect(await other.get(blob, 1)).toMatchObject({ status: 200 });
  });
});

it('bodies in pieces of a byte take no more memory than they have bytes', { timeout: 60_000 }, async () => {
  const data = temporaryFolder();
  const relay = await startRelay('--data', data);
  const tokens = await Promise.all(
    ['ana', 'ben', 'cleo'].map((name) => tokenFor(data, 'room', 'editor', '--subject', name)),
  );
  const pieces = '1\r\nx\r\n'.repeat(BLOB_PART_BYTES / 4);
  const before = readRssBytes(relay.pid);
  for (const token of tokens) {
    for (let sending = 0; sending < 4; sending++) {
      const socket = connect(Number(new URL(relay.url).port), '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      socket.on('error', () => undefined);
      const head = [
        `PUT /api/rooms/room/blobs/${'a'.repeat(64)}/parts/0 HTTP/1.1`,
        ...['Host: relay', `Authorization: Bearer ${token}`, 'Content-Type: application/octet-stream'],
        ...[`X-Content-SHA256: ${'b'.repeat(64)}`, 'Transfer-Encoding: chunked', '', ''],
      ];
      socket.write(head.join('\r\n'));
      // It never ends.
      await new Promise((resolve) => socket.write(pieces, resolve));
    }
  }
  const { look } = person(relay.url, 'room', tokens[0] ?? '');
  // Each is answered after what had come by then.
  for (let asked = 0; asked < 5; asked++) expect(await look('a'.repeat(64))).toMatchObject({ status: 404 });
  expect(readRssBytes(relay.pid) - before).toBeLessThan(MAX_GROWTH_BYTES);
  expect(relay.errors()).toBe('');
});

function readRssBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN) * 1_024;
}
