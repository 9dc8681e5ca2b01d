import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as settle } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Emitter } from '../../../shared/lifecycle/index.ts';
import { type RelayAnswer, type RelayRequest, RoomRequests } from '../../../shared/sync/administration/index.ts';
import type { ConnectionState } from '../../../shared/sync/index.ts';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { hashBytes } from '../workspace/text-format.ts';
import { BlobCache } from './blob-cache.ts';
import { BlobTransfers } from './blob-transfers.ts';

const CONTENT = Buffer.alloc(100_000, 'content');
const BLOB = hashBytes(CONTENT);
const ONLINE: ConnectionState = { kind: 'online', sinceMs: 0 };

/** Contents on their way to a relay that answers as `answer` says. */
async function start(answer: (request: RelayRequest) => RelayAnswer, state = ONLINE) {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-transfers-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'logo.png');
  await writeFile(path, CONTENT);
  const scheduler = new ManualScheduler();
  const stateChanged = new Emitter<ConnectionState>();
  const session = { state, onDidChangeState: stateChanged.event };
  const asked: string[] = [];
  const transfers = new BlobTransfers({
    requests: new RoomRequests({
      relayUrl: 'https://relay',
      room: 'r',
      tokens: { obtain: async () => ({ kind: 'granted', granted: { token: 't', expiresAtMs: Infinity } }) },
      send: async (request) => {
        asked.push(request.method);
        return answer(request);
      },
    }),
    cache: new BlobCache(join(folder, 'room.blobs')),
    session,
    scheduler,
    random: () => 0,
  });
  onTestFinished(() => {
    transfers.dispose();
    stateChanged.dispose();
  });
  const upload = () =>
    transfers.upload({
      blob: BLOB,
      fileId: 'f',
      sizeBytes: CONTENT.byteLength,
      open: () => open(path),
      isWanted: () => true,
    });
  /** Lets what can happen happen, and moments pass, until `isSo`. */
  const until = (isSo: () => boolean) =>
    vi.waitFor(
      () => {
        if (!isSo()) scheduler.advance(15);
        expect(isSo()).toBe(true);
      },
      { timeout: 10_000, interval: 1 },
    );
  const become = (to: ConnectionState) => {
    session.state = to;
    stateChanged.fire(to);
  };
  const first = () => transfers.state.files[0];
  return { transfers, scheduler, asked, upload, until, become, first };
}

/** A relay that takes everything at once. */
function take({ method, headers, bytes }: RelayRequest): RelayAnswer {
  if (method === 'GET') return { status: 404, body: {} };
  const receivedBytes = Number(headers?.['Upload-Offset'] ?? 0) + (bytes?.byteLength ?? 0);
  const isPiece = method === 'PATCH' && receivedBytes < CONTENT.byteLength;
  return isPiece ? { status: 202, body: { receivedBytes } } : { status: 204, body: undefined };
}

it('a transfer to which nobody answers says why it waits, and until when, and waits longer each time', async () => {
  let isAway = true;
  const world = await start((request) => {
    if (isAway) throw new Error('it did not answer in time');
    return take(request);
  });
  const { scheduler, transfers, upload, until, first } = world;
  upload();
  for (const waitMs of [15_000, 30_000, 60_000, 120_000, 120_000]) {
    await until(() => first()?.waiting !== undefined);
    const nextTryAtMs = first()?.waiting?.nextTryAtMs ?? 0;
    expect(first()?.waiting?.reason).toContain('it did not answer in time');
    expect(Math.abs(nextTryAtMs - scheduler.now() - waitMs)).toBeLessThan(2_000);
    expect(transfers.state.up.files).toBe(1);
    scheduler.advance(nextTryAtMs - scheduler.now());
    expect(first()?.waiting).toBeUndefined();
  }
  isAway = false;
  await until(() => transfers.state.files.length === 0);
  expect(upload()).toEqual({ kind: 'there' });
});

it('what a relay will not have is tried no more until somebody asks for it, and says why', async () => {
  const explanation = 'The files of this room take all the space that they may.';
  let isFull = true;
  const full = { status: 409, body: { error: 'room-full', explanation } };
  const { scheduler, transfers, asked, upload, until, first } = await start((request) =>
    isFull && request.method !== 'GET' ? full : take(request),
  );
  upload();
  await until(() => first()?.isRefused === true);
  expect(first()).toMatchObject({ fileId: 'f', direction: 'up', trouble: explanation });
  expect(transfers.state.up.files).toBe(0);
  const { length } = asked;
  for (let minute = 0; minute < 60; minute++) {
    scheduler.advance(60_000);
    await settle();
  }
  expect(upload()).toEqual({ kind: 'refused', explanation });
  expect(asked).toHaveLength(length);
  isFull = false;
  transfers.retryRefused();
  upload();
  expect(first()?.isRefused).toBeUndefined();
  await until(() => transfers.state.files.length === 0);
});

it('what waits for the relay says so, and goes on when that is reached', async () => {
  const explanation = 'The network is away.';
  const world = await start(take, { kind: 'reconnecting', sinceMs: 0, nextTryAtMs: 4_000, attempt: 1, explanation });
  const { scheduler, transfers, asked, upload, until, become, first } = world;
  scheduler.advance(1_000);
  upload();
  await settle();
  expect(first()?.waiting).toEqual({
    reason: 'The relay cannot be reached now. It goes on by itself.',
    nextTryAtMs: scheduler.now() + 3_000,
  });
  expect(asked).toEqual([]);
  become({ kind: 'ended', sinceMs: 0, closeCode: 4403, explanation: 'Your access was taken back.' });
  expect(first()?.waiting).toEqual({ reason: 'Your access was taken back.', nextTryAtMs: undefined });
  become(ONLINE);
  await until(() => transfers.state.files.length === 0);
  expect(asked.filter((method) => method === 'PATCH').length).toBeGreaterThan(1);
});

it('a transfer tells how far it is within a part', async () => {
  const seen = new Set<number>();
  const { transfers, upload, until } = await start((request) => {
    seen.add(transfers.state.files[0]?.doneBytes ?? 0);
    return take(request);
  });
  upload();
  await until(() => transfers.state.files.length === 0);
  expect([...seen].slice(0, 3)).toEqual([0, 4_096, 36_864]);
});
