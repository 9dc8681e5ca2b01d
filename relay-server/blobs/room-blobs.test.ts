import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BLOB_PART_BYTES } from '../../shared/workspace/index.ts';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { contentHash } from '../log/content-hash.ts';
import { FolderBlobParts } from '../log/folder.ts';
import { LogFailure } from '../log/log-failure.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { hashParts } from './hash-parts.ts';
import { repairRoomBlobs } from './repair-blobs.ts';
import { RecentParts } from './recent-parts.ts';
import { RoomBlobs } from './room-blobs.ts';
import { TransferSlots } from './transfer-slots.ts';
import { UNFINISHED_UPLOAD_KEPT_MS, UploadCleaner } from './upload-cleaner.ts';

const ROOM = { tenant: 't', room: 'r' };
const HOUR_MS = 60 * 60_000;
const allowed = async () => {};

function setUp() {
  const folder = temporaryFolder();
  const storage = openSqliteStorage(join(folder, 'relay.db'));
  onTestFinished(() => storage.dispose());
  const parts = new FolderBlobParts(join(folder, 'blobs'));
  const scheduler = new ManualScheduler(1_000_000);
  const index = storage.blobs;
  const limits = { maxBlobBytes: 1e9, maxRoomBytes: 1e9 };
  const recent = new RecentParts(scheduler);
  onTestFinished(() => recent.dispose());
  const blobs = new RoomBlobs({ index, parts, recent, limits, scheduler });
  const problems: unknown[] = [];
  let mayRemove = true;
  const cleaner = new UploadCleaner({
    index,
    parts,
    scheduler,
    mayRemove: () => mayRemove,
    reportProblem: (error) => problems.push(error),
  });
  onTestFinished(() => cleaner.dispose());
  return {
    index,
    parts,
    scheduler,
    blobs,
    cleaner,
    problems,
    forbidRemoval: (isForbidden: boolean) => (mayRemove = !isForbidden),
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += HOUR_MS) {
        scheduler.advance(HOUR_MS);
        await cleaner.settled();
      }
    },
  };
}

function blobOf(byte: number, sizeBytes = BLOB_PART_BYTES + 1) {
  const bytes = new Uint8Array(sizeBytes).fill(byte);
  const pieces = Array.from({ length: Math.ceil(sizeBytes / BLOB_PART_BYTES) }, (_, part) =>
    bytes.subarray(part * BLOB_PART_BYTES, (part + 1) * BLOB_PART_BYTES),
  );
  const key = { ...ROOM, blob: contentHash(bytes) };
  return { key, pieces, claim: { sizeBytes, partHashes: pieces.map(contentHash), createdBy: 'ana' } };
}

type World = ReturnType<typeof setUp>;

async function upload({ blobs }: World, { key, pieces, claim }: ReturnType<typeof blobOf>): Promise<void> {
  for (const [part, piece] of pieces.entries()) await blobs.takePart(key, part, piece);
  expect(await blobs.finish(key, claim, allowed)).toEqual({ kind: 'complete' });
}

describe('an upload that nobody goes on with', () => {
  it('is removed a week after its last part, and can begin anew', async () => {
    const world = setUp();
    const { blobs, index, parts, pass, problems } = world;
    const left = blobOf(1);
    const whole = blobOf(2);
    await blobs.takePart(left.key, 0, left.pieces[0] ?? new Uint8Array(1));
    await upload(world, whole);
    await pass(UNFINISHED_UPLOAD_KEPT_MS - HOUR_MS);
    await blobs.takePart(left.key, 1, left.pieces[1] ?? new Uint8Array(1));
    await pass(UNFINISHED_UPLOAD_KEPT_MS);
    expect((await index.findBlob(left.key))?.parts).toHaveLength(2);
    await pass(2 * HOUR_MS);
    expect(await index.findBlob(left.key)).toBeUndefined();
    expect(await parts.list(left.key)).toEqual([]);
    expect(await parts.list(whole.key)).toHaveLength(2);
    expect(await index.roomBytes(ROOM)).toBe(BLOB_PART_BYTES + 4096);
    await upload(world, left);
    expect(problems).toEqual([]);
  });

  it('stays while nothing may be removed, and when its objects cannot be: that is said once', async () => {
    const { blobs, index, parts, pass, problems, forbidRemoval } = setUp();
    const { key, pieces } = blobOf(1);
    await blobs.takePart(key, 0, pieces[0] ?? new Uint8Array(1));
    forbidRemoval(true);
    await pass(UNFINISHED_UPLOAD_KEPT_MS + 2 * HOUR_MS);
    expect(await index.findBlob(key)).toMatchObject({ state: 'uploading' });
    forbidRemoval(false);
    const remove = parts.remove.bind(parts);
    parts.remove = async () => {
      throw new LogFailure('busy', 'The bucket is away.');
    };
    await pass(3 * HOUR_MS);
    expect(problems).toMatchObject([{ message: 'The bucket is away.' }]);
    expect(await blobs.takePart(key, 0, pieces[0] ?? new Uint8Array(1))).toEqual({
      kind: 'refused',
      reason: 'removing',
    });
    parts.remove = remove;
    await pass(HOUR_MS);
    expect(await index.findBlob(key)).toBeUndefined();
    expect(await blobs.takePart(key, 0, pieces[0] ?? new Uint8Array(1))).toEqual({ kind: 'stored' });
  });
});

describe('a blob that is made whole', () => {
  it('is not when its sender is let in no more by the time that it was read', async () => {
    const { blobs, index } = setUp();
    const { key, pieces, claim } = blobOf(1);
    for (const [part, piece] of pieces.entries()) await blobs.takePart(key, part, piece);
    await expect(
      blobs.finish(key, claim, async () => {
        throw new Error('revoked');
      }),
    ).rejects.toThrow('revoked');
    expect(await index.findBlob(key)).toMatchObject({ state: 'uploading' });
    expect(await blobs.finish(key, claim, allowed)).toEqual({ kind: 'complete' });
  });

  it('is not while a part is lost or the store is away', async () => {
    const { blobs, parts } = setUp();
    const { key, pieces, claim } = blobOf(1);
    for (const [part, piece] of pieces.entries()) await blobs.takePart(key, part, piece);
    const read = parts.read.bind(parts);
    parts.read = async () => {
      throw new LogFailure('busy', 'The bucket is away.');
    };
    await expect(blobs.finish(key, claim, allowed)).rejects.toMatchObject({ code: 'busy' });
    parts.read = read;
    const last = { part: 1, sha256: claim.partHashes[1] ?? '', sizeBytes: 1 };
    await parts.remove(key, last);
    expect(await blobs.finish(key, claim, allowed)).toEqual({ kind: 'missing', parts: [1] });
    expect(await blobs.finish(key, claim, allowed)).toEqual({ kind: 'missing', parts: [1] });
    await blobs.takePart(key, 1, pieces[1] ?? new Uint8Array(1));
    expect(await blobs.finish(key, claim, allowed)).toEqual({ kind: 'complete' });
  });

  it('is read with turns for everything else in between, and some parts ahead', async () => {
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    let underWay = 0;
    let most = 0;
    const hash = await hashParts(50, async (part) => {
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      underWay--;
      return new Uint8Array([part]);
    });
    isOver = true;
    expect(hash).toBe(contentHash(Uint8Array.from({ length: 50 }, (_, part) => part)));
    expect(turns).toBeGreaterThanOrEqual(50);
    expect(most).toBe(3);
  });
});

describe('the repair of blobs', () => {
  async function check(world: World, isApplied: boolean, givesUpMissingObjects = false) {
    const { index, parts } = world;
    const lines: string[] = [];
    const options = { index, parts, place: 'the folder', isApplied, givesUpMissingObjects, nowMs: () => 5 };
    const areUsable = await repairRoomBlobs(options, ROOM, (text) => lines.push(text));
    return { areUsable, lines: lines.join('') };
  }

  it('says nothing of a room without any, and that sound ones are so', async () => {
    const world = setUp();
    expect(await check(world, false)).toEqual({ areUsable: true, lines: '' });
    await upload(world, blobOf(1));
    expect(await check(world, true)).toEqual({ areUsable: true, lines: '1 file content in room r: 1 sound.\n' });
  });

  it('has what is damaged sent again', async () => {
    const world = setUp();
    const blob = blobOf(1);
    await upload(world, blob);
    await upload(world, blobOf(2));
    await world.parts.remove(blob.key, { part: 1, sha256: blob.claim.partHashes[1] ?? '', sizeBytes: 1 });
    const found = await check(world, false);
    expect(found.areUsable).toBe(false);
    expect(found.lines).toMatch(/is damaged: 1 of its 2 parts cannot be read\.\n2 file contents .*1 damaged.*--apply/);
    expect(await world.index.findBlob(blob.key)).toMatchObject({ state: 'complete' });
    expect(await check(world, true)).toMatchObject({ areUsable: true });
    expect(await world.index.findBlob(blob.key)).toMatchObject({ state: 'uploading', parts: [{ part: 0 }] });
    await world.blobs.takePart(blob.key, 1, blob.pieces[1] ?? new Uint8Array(1));
    expect(await world.blobs.finish(blob.key, blob.claim, allowed)).toEqual({ kind: 'complete' });
  });

  it('gives nothing up of which the store has nothing, unless it is told to', async () => {
    const world = setUp();
    const blob = blobOf(1);
    await upload(world, blob);
    for (const [part, sha256] of blob.claim.partHashes.entries())
      await world.parts.remove(blob.key, { part, sha256, sizeBytes: 1 });
    const refused = await check(world, true);
    expect(refused.areUsable).toBe(false);
    expect(refused.lines).toMatch(/has 2 parts, none of which is in the folder\.[^]*--give-up-missing-objects/);
    expect(await world.index.findBlob(blob.key)).toMatchObject({ state: 'complete' });
    expect(await check(world, true, true)).toMatchObject({ areUsable: true });
    expect(await world.index.findBlob(blob.key)).toEqual({ state: 'uploading', parts: [] });
  });
});

describe('places for transfers', () => {
  it('are bounded for each person, each room and all, and given back once', () => {
    const slots = new TransferSlots({ total: 4, ofRoom: 3, each: 2 });
    const take = (subject: string, room = 'r') => slots.take({ tenant: 't', room, subject });
    const first = take('ana');
    const second = take('ana');
    expect(take('ana')).toBeUndefined();
    const third = take('ben');
    // Whoever brings more people gets no more of what others need.
    expect(take('cleo')).toBeUndefined();
    const fourth = take('cleo', 'other');
    expect(fourth).toBeDefined();
    expect(take('dora', 'third')).toBeUndefined();
    first?.dispose();
    first?.dispose();
    const fifth = take('cleo');
    expect(fifth).toBeDefined();
    expect(take('dora', 'third')).toBeUndefined();
    for (const slot of [second, third, fourth, fifth]) slot?.dispose();
    const again = take('ana');
    expect(again).toBeDefined();
    again?.dispose();
  });
});
