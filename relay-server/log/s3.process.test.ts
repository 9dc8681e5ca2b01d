import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createTypist } from '../testing/raw-client.ts';
import { RelayUnderTest } from '../testing/relay-under-test.ts';
import { S3Server } from '../testing/s3-server.ts';
import { contentHash } from './content-hash.ts';
import type { CreateSnapshot } from './compact-document.ts';
import { describeBlobParts } from './blob-parts.contract.ts';
import { S3BlobParts, type S3Options, S3SegmentStore, S3SnapshotStore } from './s3.ts';
import { describeSegmentStore } from './segment-store.contract.ts';
import { SnapshotBuilder } from './snapshot-builder.ts';
import { describeSnapshotStore } from './snapshot-store.contract.ts';

const KEY = { tenant: 't', room: 'r', document: 'd' };
const IMPATIENT = { maxAttempts: 1, connectTimeoutMs: 500, requestTimeoutMs: 500, idleTimeoutMs: 500 };

let server: S3Server;
beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server.dispose());

function openStore(options: S3Options): S3SnapshotStore {
  const store = new S3SnapshotStore(options);
  onTestFinished(() => store.dispose());
  return store;
}

/** A server that answers every request with these bytes and then says nothing more. */
async function startHalfServer(answer: string): Promise<string> {
  const sockets = new Set<Socket>();
  const half = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.once('data', () => socket.write(answer));
  });
  half.listen(0, '127.0.0.1');
  await once(half, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    half.close();
    await once(half, 'close');
  });
  return `http://127.0.0.1:${(half.address() as AddressInfo).port}`;
}

const buildHere: CreateSnapshot = async (pages) => {
  const builder = new SnapshotBuilder();
  for await (const page of pages) builder.add(page);
  return builder.finish();
};

describeSnapshotStore('S3', () => ({
  store: openStore({ ...server.options(), prefix: 'tutti/' }),
  damage: (snapshotId) => server.damage(snapshotId),
}));

describeSegmentStore('S3', () => {
  const store = new S3SegmentStore({ ...server.options(), prefix: 'tutti/' });
  onTestFinished(() => store.dispose());
  return { store, damage: (segmentId) => server.damage(segmentId) };
});

describeBlobParts('S3', () => {
  const parts = new S3BlobParts({ ...server.options(), prefix: 'tutti/' });
  onTestFinished(() => parts.dispose());
  return { parts, damage: (objectId) => server.damage(objectId) };
});

describe('the S3 segment store', () => {
  it('shares a bucket with snapshots, whatever a tenant is called', async () => {
    const options = server.options();
    const snapshots = openStore(options);
    const segments = new S3SegmentStore(options);
    onTestFinished(() => segments.dispose());
    const tricky = { tenant: 'segments', room: KEY.tenant, document: KEY.room };
    await segments.write(KEY, { fromSeq: 1, toSeq: 2 }, new Uint8Array([1]));
    await snapshots.write(tricky, 1, new Uint8Array([1]));
    expect(await snapshots.list(tricky)).toHaveLength(1);
    expect(await segments.list(KEY)).toHaveLength(1);
    expect(await segments.list(tricky)).toEqual([]);
    const parts = new S3BlobParts(options);
    onTestFinished(() => parts.dispose());
    const blob = { ...KEY, blob: 'a'.repeat(64) };
    const part = { part: 1, sha256: contentHash(new Uint8Array([1])), sizeBytes: 1 };
    await parts.write(blob, part, new Uint8Array([1]));
    for (const tenant of ['blobs', 'segments'])
      expect(await snapshots.list({ tenant, room: KEY.tenant, document: KEY.room })).toHaveLength(
        tenant === 'segments' ? 1 : 0,
      );
    expect(await parts.list(blob)).toHaveLength(1);
  });
});

describe('the S3 snapshot store', () => {
  it('lists over many pages', async () => {
    const store = openStore({ ...server.options(), pageSize: 3 });
    for (let seq = 1; seq <= 10; seq++) await store.write(KEY, seq, new Uint8Array([seq]));
    const seqs = (await store.list(KEY)).map(({ seq }) => seq);
    expect(seqs.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('keeps everything over a crash of the server', async () => {
    const store = openStore(server.options());
    const snapshotId = await store.write(KEY, 1, new Uint8Array([1, 2, 3]));
    await server.kill();
    await server.start();
    expect([...(await store.read(KEY, snapshotId))]).toEqual([1, 2, 3]);
  });

  it('says that there is no such bucket', async () => {
    const store = openStore(server.options('nowhere'));
    await expect(store.write(KEY, 1, new Uint8Array([1]))).rejects.toMatchObject({
      name: 'LogFailure',
      code: 'permission',
      message: expect.stringMatching(/no bucket nowhere at http/) as unknown,
    });
  });

  it('says that it is denied', async () => {
    const credentials = { accessKeyId: 'SOMEBODY', secretAccessKey: 'wrong' };
    const store = openStore({ ...server.options(), credentials });
    await expect(store.list(KEY)).rejects.toMatchObject({
      name: 'LogFailure',
      code: 'permission',
      message: expect.stringMatching(/denies access to the bucket.*Check the credentials/) as unknown,
    });
  });

  it('says that the server cannot be reached', async () => {
    const store = openStore({ ...server.options(), ...IMPATIENT, endpoint: 'http://127.0.0.1:1' });
    await expect(store.read(KEY, `1-${'0'.repeat(64)}`)).rejects.toMatchObject({
      name: 'LogFailure',
      code: 'busy',
      message: expect.stringMatching(/127\.0\.0\.1:1 cannot be reached/) as unknown,
    });
  });

  it('does not wait for ever for a server that has stalled', async () => {
    const store = openStore({ ...server.options(), ...IMPATIENT });
    const snapshotId = await store.write(KEY, 1, new Uint8Array([1]));
    server.stall();
    try {
      await expect(store.read(KEY, snapshotId)).rejects.toMatchObject({ name: 'LogFailure', code: 'busy' });
    } finally {
      server.resume();
    }
    expect(await store.read(KEY, snapshotId)).toHaveLength(1);
  });

  it('does not wait for ever for the rest of an object', async () => {
    const endpoint = await startHalfServer('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe beginning');
    const store = openStore({ ...server.options(), ...IMPATIENT, endpoint });
    await expect(store.read(KEY, `1-${'0'.repeat(64)}`)).rejects.toMatchObject({ name: 'LogFailure', code: 'busy' });
  });

  it('asks for nothing beyond the plain protocol', async () => {
    const requests: string[] = [];
    const recorder = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .on('data', (bytes) => {
          requests.push(bytes.toString('latin1'));
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        });
    });
    recorder.listen(0, '127.0.0.1');
    await once(recorder, 'listening');
    onTestFinished(() => void recorder.close());
    const endpoint = `http://127.0.0.1:${(recorder.address() as AddressInfo).port}`;
    const store = openStore({ ...server.options('b'), endpoint, maxAttempts: 1 });
    await store.write(KEY, 7, new Uint8Array([1]));
    const [request = ''] = requests;
    expect(request).toMatch(/^PUT \/b\/t\/r\/d\/7-[0-9a-f]{64}\S* HTTP\/1\.1\r\n/);
    expect(request).not.toMatch(/x-amz-(checksum|sdk-checksum|trailer)|aws-chunked/i);
  });

  it('is away for a while: the relay goes on, and makes its snapshot later', async () => {
    const store = openStore({ ...server.options(), ...IMPATIENT });
    const compaction = { afterUpdates: 3, afterBytes: 1e9, createSnapshot: buildHere };
    const relay = new RelayUnderTest({ snapshots: store, compaction });
    const file = { tenant: 'default', room: 'room', document: 'file' };
    const ada = await relay.join('ada.editor');
    ada.client.open(1, 'file');
    await relay.settle();
    const typist = createTypist(1);
    const type = async (clientSeq: number) => {
      ada.client.update(1, clientSeq, typist.type('x'));
      await relay.advance(5);
    };
    await server.kill();
    for (let clientSeq = 1; clientSeq <= 7; clientSeq++) await type(clientSeq);
    while (relay.problems.length === 0) await relay.settle();
    expect(ada.client.last('ack')).toMatchObject({ clientSeq: 7 });
    await server.start();
    // It is tried again after some seconds, which pass here at once.
    await relay.advance(5_000);
    while (!(await relay.log.readDocument(file))?.snapshot) await relay.settle();
    const pointer = (await relay.log.readDocument(file))?.snapshot;
    expect(pointer?.seq).toBe(7);
    expect(await store.read(file, pointer?.snapshotId ?? '')).not.toHaveLength(0);
    expect(relay.problems).toMatchObject([{ code: 'busy' }]);
    expect(ada.closes).toEqual([]);
  });
});
