import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { RoomSession } from '../../shared/sync/index.ts';
import { startEngine } from '../testing/engine-on-relay.ts';
import { startRelay, tokenFor } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';

const ROOM = 'room';
const BYTES_PER_SECOND = 30_000;
/** What does not compress: 5 s of the line at least. */
const LARGE = randomBytes(150 * 1024).toString('base64');
/** The first window takes half of that. */
const MAX_WAIT_MS = 1_500;

function replicaOf(session: RoomSession, name: string) {
  const lease = session.open(name);
  onTestFinished(() => lease.dispose());
  return lease.replica;
}

type Replica = ReturnType<typeof replicaOf>;

/** A relay, somebody beside it, and somebody at the end of a slow line. */
async function start() {
  const data = temporaryFolder();
  const relay = await startRelay('--data', data);
  const token = await tokenFor(data, ROOM);
  const proxy = await TcpProxy.start(Number(new URL(relay.url).port));
  onTestFinished(() => proxy.dispose());
  proxy.line(BYTES_PER_SECOND);
  const far = startEngine(`http://127.0.0.1:${proxy.port}`, ROOM, token);
  const near = startEngine(relay.url, ROOM, token);
  const [farText, nearText] = [replicaOf(far, 'file'), replicaOf(near, 'file')];
  await Promise.all([farText.whenSynced, nearText.whenSynced]);
  return { relay, far, near, farText, nearText };
}

/** Types at one end, a letter after the other, until `isOver`; gives how long the slowest took to the other end, in ms. */
async function type(from: Replica, to: Replica, isOver: () => boolean): Promise<readonly number[]> {
  const [text, seen] = [from.doc.getText('content'), to.doc.getText('content')];
  const tookMs: number[] = [];
  while (!isOver()) {
    const sentMs = performance.now();
    const length = text.length + 1;
    text.insert(0, 'x');
    await expect.poll(() => seen.length, { timeout: 60_000, interval: 5 }).toBe(length);
    tookMs.push(performance.now() - sentMs);
    await pause(50);
  }
  return tookMs.toSorted((a, b) => a - b);
}

it('[CH4] what others type does not wait long behind a large file that comes over a slow line', async () => {
  const { relay, far, near, farText, nearText } = await start();
  const source = replicaOf(near, 'large');
  source.doc.getText('content').insert(0, LARGE);
  await expect.poll(() => source.saveState.kind).toBe('on-the-relay');
  const copy = replicaOf(far, 'large');
  const tookMs = await type(nearText, farText, () => copy.isSynced);
  expect(copy.doc.getText('content').toString()).toBe(LARGE);

  expect(tookMs.length).toBeGreaterThan(5);
  expect(tookMs.at(-1)).toBeLessThan(MAX_WAIT_MS);
  expect(relay.errors()).toBe('');
});

it('[CH5] what somebody types does not wait long behind what they wrote offline, on a slow line', async () => {
  const { relay, far, near, farText, nearText } = await start();
  const source = replicaOf(far, 'large');
  source.doc.getText('content').insert(0, LARGE);
  const tookMs = await type(farText, nearText, () => source.saveState.kind === 'on-the-relay');
  const copy = replicaOf(near, 'large');
  await copy.whenSynced;
  expect(copy.doc.getText('content').toString()).toBe(LARGE);
  expect(tookMs.length).toBeGreaterThan(5);
  expect(tookMs.at(-1)).toBeLessThan(MAX_WAIT_MS);
  expect(relay.errors()).toBe('');
});

it('what others type comes between the many small files of a room that is fetched over a slow line', async () => {
  const { relay, far, near, farText, nearText } = await start();
  const names = Array.from({ length: 40 }, (_, index) => `small${index}`);
  const sources = names.map((name) => replicaOf(near, name));
  for (const { doc } of sources) doc.getText('content').insert(0, randomBytes(3_000).toString('base64'));
  await expect.poll(() => sources.every(({ saveState }) => saveState.kind === 'on-the-relay')).toBe(true);
  const copies = names.map((name) => {
    const copy = replicaOf(far, name);
    copy.sendAsBulk();
    return copy;
  });
  const tookMs = await type(nearText, farText, () => copies.every(({ isSynced }) => isSynced));
  expect(copies.map(({ doc }) => doc.getText('content').length)).toEqual(names.map(() => 4_000));
  expect(tookMs.length).toBeGreaterThan(5);
  expect(tookMs.at(-1)).toBeLessThan(MAX_WAIT_MS);
  expect(relay.errors()).toBe('');
});
