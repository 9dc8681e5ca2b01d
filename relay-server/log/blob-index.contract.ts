import { describe, expect, it } from 'vitest';
import { type BlobIndex, type BlobKey, type BlobPart, chargeFor } from './blob-index.ts';

const KEY: BlobKey = { tenant: 't', room: 'r', blob: 'a'.repeat(64) };
const OTHER: BlobKey = { ...KEY, blob: 'b'.repeat(64) };
const ELSEWHERE: BlobKey = { ...KEY, room: 'elsewhere' };
const MIB = 1024 * 1024;
const LIMIT = { maxRoomBytes: 10 * MIB, nowMs: 1_000 };

const LEASE_MS = 500;

function since(beforeMs: number) {
  return { beforeMs, leaseMs: LEASE_MS };
}

function partOf(part: number, digit = 'c', sizeBytes = MIB): BlobPart {
  return { part, sha256: digit.repeat(64), sizeBytes };
}

function blobOf(parts: readonly BlobPart[], nowMs = 2_000) {
  return { parts, sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), createdBy: 'ana', nowMs };
}

async function store(index: BlobIndex, key: BlobKey, part: BlobPart, nowMs = 1_000): Promise<void> {
  expect(await index.announcePart(key, part, { ...LIMIT, nowMs })).toBe('announced');
  expect(await index.storePart(key, part)).toBe(true);
}

/** What every {@link BlobIndex} must do. `open` gives an empty one, closed by the test's own hooks. */
export function describeBlobIndex(name: string, open: () => BlobIndex | Promise<BlobIndex>): void {
  describe(`BlobIndex: ${name}`, () => {
    it('knows what is stored of an upload, and what is whole', async () => {
      const index = await open();
      const parts = [partOf(0), partOf(1, 'd', 7)];
      expect(await index.findBlob(KEY)).toBeUndefined();
      for (const part of parts) {
        expect(await index.announcePart(KEY, part, LIMIT)).toBe('announced');
        // A crash may be followed by the same again.
        expect(await index.announcePart(KEY, part, LIMIT)).toBe('announced');
      }
      expect(await index.findBlob(KEY)).toEqual({ state: 'uploading', parts: [] });
      for (const part of parts.toReversed()) expect(await index.storePart(KEY, part)).toBe(true);
      expect(await index.announcePart(KEY, partOf(0), LIMIT)).toBe('stored');
      expect(await index.findBlob(KEY)).toEqual({ state: 'uploading', parts });
      expect(await index.findPart(KEY, 0)).toBeUndefined();
      expect(await index.listBlobs(KEY, { after: undefined, limit: 9 })).toEqual([]);
      expect(await index.complete(KEY, blobOf(parts))).toBe(true);
      expect(await index.complete(KEY, blobOf(parts))).toBe(true);
      expect(await index.findBlob(KEY)).toEqual({ state: 'complete', sizeBytes: MIB + 7, parts });
      expect(await index.findPart(KEY, 1)).toEqual(parts[1]);
      expect(await index.findPart(KEY, 2)).toBeUndefined();
      expect(await index.announcePart(KEY, partOf(0, 'e'), LIMIT)).toBe('complete');
      expect(await index.storePart(KEY, partOf(0))).toBe(true);
      expect(await index.findBlob(KEY)).toMatchObject({ state: 'complete' });
    });

    it('takes an empty blob', async () => {
      const index = await open();
      expect(await index.complete(KEY, blobOf([]))).toBe(true);
      expect(await index.findBlob(KEY)).toEqual({ state: 'complete', sizeBytes: 0, parts: [] });
    });

    it('makes nothing whole of which a part is not stored', async () => {
      const index = await open();
      await store(index, KEY, partOf(0));
      await index.announcePart(KEY, partOf(1), LIMIT);
      for (const last of [partOf(1), partOf(1, 'd'), partOf(2)]) {
        expect(await index.complete(KEY, blobOf([partOf(0), last]))).toBe(false);
        expect(await index.findBlob(KEY)).toEqual({ state: 'uploading', parts: [partOf(0)] });
      }
    });

    it('keeps blobs and rooms apart', async () => {
      const index = await open();
      await store(index, KEY, partOf(0));
      await index.complete(KEY, blobOf([partOf(0)]));
      for (const key of [OTHER, ELSEWHERE, { ...KEY, tenant: 'other' }]) {
        expect(await index.findBlob(key)).toBeUndefined();
        expect(await index.findPart(key, 0)).toBeUndefined();
      }
      expect(await index.roomBytes(ELSEWHERE)).toBe(0);
      await store(index, ELSEWHERE, partOf(0));
      expect(await index.complete(OTHER, blobOf([partOf(0)]))).toBe(false);
    });

    it('keeps several claims of one part, and makes it whole of the named ones', async () => {
      const index = await open();
      await store(index, KEY, partOf(0, 'd'));
      await store(index, KEY, partOf(0, 'c'));
      expect(await index.findBlob(KEY)).toEqual({ state: 'uploading', parts: [partOf(0, 'c'), partOf(0, 'd')] });
      await index.complete(KEY, blobOf([partOf(0, 'd')]));
      expect(await index.findPart(KEY, 0)).toEqual(partOf(0, 'd'));
      expect(await index.abandonParts(since(1_001))).toEqual([{ key: KEY, part: partOf(0, 'c') }]);
      await index.forgetPart({ key: KEY, part: partOf(0, 'c') });
      expect(await index.roomBytes(KEY)).toBe(MIB);
      expect(await index.findBlob(KEY)).toMatchObject({ state: 'complete', parts: [partOf(0, 'd')] });
    });

    it('charges a room for what it has, small parts too, and refuses what is too much', async () => {
      const index = await open();
      const limit = { maxRoomBytes: MIB + chargeFor(1), nowMs: 1 };
      expect(await index.announcePart(KEY, partOf(0), limit)).toBe('announced');
      expect(await index.announcePart(OTHER, partOf(0, 'd', 1), limit)).toBe('announced');
      expect(await index.roomBytes(KEY)).toBe(limit.maxRoomBytes);
      expect(await index.announcePart(OTHER, partOf(1, 'd', 1), limit)).toBe('room-full');
      expect(await index.announcePart(KEY, partOf(0), limit)).toBe('announced');
      expect(await index.announcePart(ELSEWHERE, partOf(0), limit)).toBe('announced');
      expect(await index.roomBytes(KEY)).toBe(limit.maxRoomBytes);
    });

    it('charges rightly for parts that are announced at once', async () => {
      const index = await open();
      const parts = Array.from({ length: 8 }, (_, part) => partOf(part));
      const limit = { maxRoomBytes: 3 * MIB, nowMs: 1 };
      const answers = await Promise.all([...parts, ...parts].map((part) => index.announcePart(KEY, part, limit)));
      const taken = await Promise.all(parts.map((part) => index.storePart(KEY, part)));
      expect(taken.filter(Boolean)).toHaveLength(3);
      expect(answers.filter((answer) => answer === 'announced')).toHaveLength(6);
      expect(await index.roomBytes(KEY)).toBe(3 * MIB);
    });

    it('makes a blob whole once for all who ask at the same time', async () => {
      const index = await open();
      await store(index, KEY, partOf(0));
      const made = await Promise.all(Array.from({ length: 5 }, () => index.complete(KEY, blobOf([partOf(0)]))));
      expect(made).toEqual([true, true, true, true, true]);
    });

    it('gives up uploads of which nothing comes any more, and gives back what they were charged for', async () => {
      const index = await open();
      await store(index, KEY, partOf(0), 1_000);
      await index.announcePart(KEY, partOf(1), { ...LIMIT, nowMs: 1_500 });
      await store(index, OTHER, partOf(0), 5_000);
      await store(index, ELSEWHERE, partOf(0), 1_000);
      await index.complete(ELSEWHERE, blobOf([partOf(0)], 1_100));
      // Something of it has come since.
      expect(await index.abandonParts(since(1_200))).toEqual([]);
      const abandoned = await index.abandonParts(since(2_000));
      expect(abandoned.map(({ key, part }) => [key.blob, part.part])).toEqual([
        [KEY.blob, 0],
        [KEY.blob, 1],
      ]);
      expect(await index.announcePart(KEY, partOf(0), { ...LIMIT, nowMs: 3_000 })).toBe('removing');
      expect(await index.storePart(KEY, partOf(0))).toBe(false);
      expect(await index.complete(KEY, blobOf([partOf(0)]))).toBe(false);
      // Another relay does not remove the same, late.
      expect(await index.abandonParts(since(2_000 + LEASE_MS))).toEqual([]);
      // A crash before the objects were removed.
      expect(await index.abandonParts(since(2_001 + LEASE_MS))).toEqual(abandoned);
      for (const part of [...abandoned, ...abandoned]) await index.forgetPart(part);
      expect(await index.findBlob(KEY)).toBeUndefined();
      expect(await index.roomBytes(KEY)).toBe(MIB);
      expect(await index.findBlob(ELSEWHERE)).toMatchObject({ state: 'complete' });
      await store(index, KEY, partOf(0), 3_000);
    });

    it('finds which of some parts are stored, however many variants of them there are', async () => {
      const index = await open();
      await store(index, KEY, partOf(0, 'd', 7));
      await store(index, KEY, partOf(0, 'e'));
      await store(index, KEY, partOf(2, 'f'));
      await index.announcePart(KEY, partOf(1), LIMIT);
      const wanted = [partOf(0, 'd'), partOf(1), partOf(2, 'f'), partOf(3)];
      const found = await index.findStored(KEY, wanted);
      expect(found.toSorted((a, b) => a.part - b.part)).toEqual([partOf(0, 'd', 7), partOf(2, 'f')]);
      expect(await index.findStored(OTHER, wanted)).toEqual([]);
      expect(await index.findStored(KEY, [])).toEqual([]);
    });

    it('forgets no part that was not given up', async () => {
      const index = await open();
      await store(index, KEY, partOf(0));
      await index.forgetPart({ key: KEY, part: partOf(0) });
      expect(await index.findBlob(KEY)).toEqual({ state: 'uploading', parts: [partOf(0)] });
      expect(await index.roomBytes(KEY)).toBe(MIB);
    });

    it('lets a lost part come again, of a whole blob too', async () => {
      const index = await open();
      const parts = [partOf(0), partOf(1)];
      for (const part of parts) await store(index, KEY, part);
      await index.losePart(KEY, partOf(1), 1_500);
      expect(await index.findBlob(KEY)).toEqual({ state: 'uploading', parts: [partOf(0)] });
      expect(await index.complete(KEY, blobOf(parts))).toBe(false);
      await store(index, KEY, partOf(1));
      await index.complete(KEY, blobOf(parts));
      await index.losePart(KEY, partOf(0), 9_000);
      expect(await index.findBlob(KEY)).toEqual({ state: 'uploading', parts: [partOf(1)] });
      expect(await index.findPart(KEY, 1)).toBeUndefined();
      // What is left of it stays for as long as that of an upload that has just begun.
      expect(await index.abandonParts(since(8_999))).toEqual([]);
      await store(index, KEY, partOf(0), 9_100);
      expect(await index.complete(KEY, blobOf(parts))).toBe(true);
      expect(await index.roomBytes(KEY)).toBe(2 * MIB);
      await index.losePart(KEY, partOf(5), 9_500);
      expect(await index.findBlob(KEY)).toMatchObject({ state: 'complete' });
    });

    it('says which of some blobs a room does not have as a whole', async () => {
      const index = await open();
      await index.complete(KEY, blobOf([]));
      await store(index, OTHER, partOf(0));
      expect(await index.findLacking(KEY, [])).toEqual([]);
      expect(await index.findLacking(KEY, [OTHER.blob, KEY.blob, 'f'.repeat(64), OTHER.blob])).toEqual([
        OTHER.blob,
        'f'.repeat(64),
      ]);
      expect(await index.findLacking(ELSEWHERE, [KEY.blob])).toEqual([KEY.blob]);
    });

    it('lists whole blobs page by page', async () => {
      const index = await open();
      const ids = ['0', '1', 'a', 'f'].map((digit) => digit.repeat(64));
      for (const blob of ids.toReversed()) await index.complete({ ...KEY, blob }, blobOf([]));
      await index.complete(ELSEWHERE, blobOf([]));
      expect(await index.listBlobs(KEY, { after: undefined, limit: 3 })).toEqual(ids.slice(0, 3));
      expect(await index.listBlobs(KEY, { after: ids[2], limit: 3 })).toEqual(ids.slice(3));
    });
  });
}
