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
/** So much of a content goes before what was typed at most: a piece, and what stands in the line. */
const MAX_BEFORE_BYTES = 0.3 * SIZE_BYTES;

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

/**
 * Types at one end, a letter after the other, until `isOver`; gives how many bytes came through the line, which `passedBytes`
 * counts, before each letter was at the other end.
 */
async function type(
  from: World['farText'],
  to: World['farText'],
  passedBytes: () => number,
  isOver: () => boolean,
): Promise<readonly number[]> {
  const [text, seen] = [from.doc.getText('content'), to.doc.getText('content')];
  const before: number[] = [];
  while (!isOver()) {
    const [sentBytes, length] = [passedBytes(), text.length + 1];
    const arrived = Promise.withResolvers<number>();
    const notice = () => seen.length === length && arrived.resolve(passedBytes() - sentBytes);
    seen.observe(notice);
    text.insert(0, 'x');
    before.push(await arrived.promise);
    seen.unobserve(notice);
    await pause(100);
  }
  return before;
}

it('what is typed does not wait long behind a content on the same slow line, neither way', async () => {
  const { relay, proxy, farUrl, token, farText, nearText, bytes, blob } = await start();
  const client = createBlobClient({ url: farUrl, room: ROOM, token });
  const progress: number[] = [];
  let isOver = false;
  const watch = { onProgress: ({ doneBytes }: { readonly doneBytes: number }) => void progress.push(doneBytes) };
  const sent = uploadBlob(client, blob, sourceOf(bytes), watch).finally(() => (isOver = true));
  const beforeUp = await type(
    farText,
    nearText,
    () => proxy.upBytes,
    () => isOver,
  );
  expect(await sent).toEqual({ kind: 'done' });
  expect(beforeUp.length).toBeGreaterThan(1);
  expect(Math.max(...beforeUp)).toBeLessThan(MAX_BEFORE_BYTES);
  expect(progress.splice(0).length).toBeGreaterThan(8);
  isOver = false;
  const sink = new MemorySink();
  const fetched = downloadBlob(client, blob, sink, watch).finally(() => (isOver = true));
  const beforeDown = await type(
    nearText,
    farText,
    () => proxy.downBytes,
    () => isOver,
  );
  expect(await fetched).toEqual({ kind: 'done' });
  expect(beforeDown.length).toBeGreaterThan(1);
  expect(Math.max(...beforeDown)).toBeLessThan(MAX_BEFORE_BYTES);
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
    if (healing || doneBytes < 0.3 * SIZE_BYTES) return;
    proxy.blackHole();
    healing = pause(1_200).then(() => proxy.line(3 * BYTES_PER_SECOND));
  };
  expect(await uploadBlob(client, blob, sourceOf(bytes), { onProgress })).toEqual({ kind: 'done' });
  expect(healing).toBeDefined();
  await healing;
});
