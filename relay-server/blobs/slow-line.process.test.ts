import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import {
  downloadBlob,
  type IncomingParts,
  type TransferOutcome,
  type TransferProgress,
  type TransferWatch,
  uploadBlob,
} from '../../shared/sync/blobs/index.ts';
import { createBlobClient, hashOf, MemorySink, sourceOf } from '../testing/blob-client.ts';
import { startEngine } from '../testing/engine-on-relay.ts';
import { startRelay, tokenFor } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';

const ROOM = 'room';
const BYTES_PER_SECOND = 30_000;
const SIZE_BYTES = 110 * 1024;
/** A piece, and what stands before it, takes half of that at most. */
const MAX_WAIT_MS = 1_500;

/** A relay, somebody beside it, and somebody at the end of a slow line, who writes to the one and hears from them. */
async function start() {
  const data = temporaryFolder();
  const relay = await startRelay('--data', data);
  const token = await tokenFor(data, ROOM);
  const proxy = await TcpProxy.start(Number(new URL(relay.url).port));
  onTestFinished(() => proxy.dispose());
  proxy.line(BYTES_PER_SECOND);
  const farUrl = `http://127.0.0.1:${proxy.port}`;
  const [far, near] = [startEngine(farUrl, ROOM, token), startEngine(relay.url, ROOM, token)];
  const [farText, nearText] = [far, near].map((session) => {
    const lease = session.open('file');
    onTestFinished(() => lease.dispose());
    return lease.replica;
  });
  if (!farText || !nearText) throw new Error('nobody is there');
  await Promise.all([farText.whenSynced, nearText.whenSynced]);
  const bytes = randomBytes(SIZE_BYTES);
  return { relay, proxy, token, farUrl, farText, nearText, bytes, blob: hashOf(bytes) };
}

type World = Awaited<ReturnType<typeof start>>;

/** Types at one end, a letter after the other, until `isOver`; gives how long each took to the other end, in ms. */
async function type(from: World['farText'], to: World['farText'], isOver: () => boolean): Promise<readonly number[]> {
  const [text, seen] = [from.doc.getText('content'), to.doc.getText('content')];
  const tookMs: number[] = [];
  while (!isOver()) {
    const sentMs = performance.now();
    const length = text.length + 1;
    text.insert(0, 'x');
    await expect.poll(() => seen.length, { timeout: 60_000, interval: 5 }).toBe(length);
    tookMs.push(performance.now() - sentMs);
    await pause(100);
  }
  return tookMs.toSorted((a, b) => a - b);
}

it('what is typed does not wait long behind a content on the same slow line, neither way', async () => {
  const { relay, farUrl, token, farText, nearText, bytes, blob } = await start();
  const client = createBlobClient({ url: farUrl, room: ROOM, token });
  const progress: number[] = [];
  let isOver = false;
  const watch = { onProgress: ({ doneBytes }: { readonly doneBytes: number }) => void progress.push(doneBytes) };
  const sent = uploadBlob(client, blob, sourceOf(bytes), watch).finally(() => (isOver = true));
  const upMs = await type(farText, nearText, () => isOver);
  expect(await sent).toEqual({ kind: 'done' });
  expect(upMs.at(-1)).toBeLessThan(MAX_WAIT_MS);
  expect(progress.splice(0).length).toBeGreaterThan(8);
  isOver = false;
  const sink = new MemorySink();
  const fetched = downloadBlob(client, blob, sink, watch).finally(() => (isOver = true));
  const downMs = await type(nearText, farText, () => isOver);
  expect(await fetched).toEqual({ kind: 'done' });
  expect(downMs.at(-1)).toBeLessThan(MAX_WAIT_MS);
  expect(progress.length).toBeGreaterThan(8);
  expect(hashOf(sink.bytes)).toBe(blob);
  expect(relay.errors()).toBe('');
});

it('[BL6] a part that is broken off goes on where it was, each way', async () => {
  const { relay, proxy, farUrl, token, bytes, blob } = await start();
  const client = createBlobClient({ url: farUrl, room: ROOM, token });
  /** Does something twice: cut off after a little more than the half, and to its end. */
  const doTwice = async (run: (watch: TransferWatch) => Promise<TransferOutcome>) => {
    let isCut = false;
    const onProgress = ({ doneBytes }: TransferProgress) => {
      if (isCut || doneBytes < 0.6 * SIZE_BYTES) return;
      isCut = true;
      proxy.cut();
    };
    expect(await run({ onProgress })).toMatchObject({ kind: 'failed', reason: 'unavailable' });
    proxy.line(3 * BYTES_PER_SECOND);
    expect(await run({ onProgress })).toEqual({ kind: 'done' });
  };
  proxy.line(3 * BYTES_PER_SECOND);
  const beforeBytes = proxy.upBytes;
  await doTwice((watch) => uploadBlob(client, blob, sourceOf(bytes), watch));
  expect(proxy.upBytes - beforeBytes).toBeLessThan(1.35 * SIZE_BYTES);
  const beforeDownBytes = proxy.downBytes;
  const [sink, incoming]: [MemorySink, IncomingParts] = [new MemorySink(), new Map()];
  await doTwice((watch) => downloadBlob(client, blob, sink, watch, incoming));
  expect(proxy.downBytes - beforeDownBytes).toBeLessThan(1.35 * SIZE_BYTES);
  expect(hashOf(sink.bytes)).toBe(blob);
  expect(relay.errors()).toBe('');
});

it('what does not arrive is sent again once nothing is heard of it', async () => {
  const { proxy, farUrl, token, bytes, blob } = await start();
  proxy.line(3 * BYTES_PER_SECOND);
  const client = createBlobClient({ url: farUrl, room: ROOM, token, pieceTimeoutMs: 800 });
  let healing: Promise<void> | undefined;
  const onProgress = ({ doneBytes }: TransferProgress) => {
    if (healing || doneBytes < 0.4 * SIZE_BYTES) return;
    proxy.blackHole();
    healing = pause(1_200).then(() => proxy.line(3 * BYTES_PER_SECOND));
  };
  expect(await uploadBlob(client, blob, sourceOf(bytes), { onProgress })).toEqual({ kind: 'done' });
  expect(healing).toBeDefined();
  await healing;
});
