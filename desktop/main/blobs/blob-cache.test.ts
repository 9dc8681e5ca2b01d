import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { hashBytes } from '../workspace/text-format.ts';
import { BlobCache, sizeOfBlobs, trimBlobs } from './blob-cache.ts';

const HOUR_MS = 60 * 60_000;
let folder: string;
let cache: BlobCache;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tutti-blobs-'));
  cache = new BlobCache(join(folder, 'room.blobs'));
  return () => rm(folder, { recursive: true, force: true });
});

/** Puts a content into a cache; it was used so many hours ago. */
async function put(to: BlobCache, content: string, hoursAgo = 0): Promise<string> {
  const path = join(folder, 'source');
  await writeFile(path, content);
  const file = await open(path);
  const blob = hashBytes(Buffer.from(content));
  expect(await to.take(blob, file)).toBe(true);
  await file.close();
  const used = new Date(Date.now() - hoursAgo * HOUR_MS);
  await utimes(join(to.folder, blob.slice(0, 2), blob), used, used);
  return blob;
}

async function readAll(blob: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of cache.read(blob)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe('a content', () => {
  it('is there as a whole, under its hash', async () => {
    const blob = await put(cache, 'content');
    expect(cache.has(blob)).toBe(true);
    expect(await readAll(blob)).toBe('content');
    const opened = await cache.open(blob);
    onTestFinished(() => opened.close());
    expect(opened.sizeBytes).toBe(7);
    expect(Buffer.from(await opened.read(3, 4)).toString()).toBe('tent');
    await expect(opened.read(3, 5)).rejects.toThrow('shorter');
  });

  it('that is another than was said is not taken, and leaves nothing', async () => {
    const path = join(folder, 'source');
    await writeFile(path, 'another');
    const file = await open(path);
    onTestFinished(() => file.close());
    expect(await cache.take(hashBytes(Buffer.from('content')), file)).toBe(false);
    expect((await readdir(cache.folder, { recursive: true, withFileTypes: true })).filter((e) => e.isFile())).toEqual(
      [],
    );
  });

  it('[BL3] that was damaged is told at its end, and dropped', async () => {
    const blob = await put(cache, 'content');
    await writeFile(join(cache.folder, blob.slice(0, 2), blob), 'damaged');
    await expect(readAll(blob)).rejects.toThrow('damaged');
    expect(cache.has(blob)).toBe(false);
  });

  it('is not there before it was kept; what came is there for the next try', async () => {
    const blob = hashBytes(Buffer.from('content'));
    const part = { part: 0, sha256: blob };
    const first = await cache.begin(blob);
    await first.begin(7);
    expect(await first.has(part, 0, 7)).toBe(false);
    await first.write(0, Buffer.from('content'));
    await first.close();
    expect(cache.has(blob)).toBe(false);
    const second = await cache.begin(blob);
    await second.begin(7);
    expect(await second.has(part, 0, 7)).toBe(true);
    expect(await second.has({ part: 0, sha256: hashBytes(Buffer.from('other')) }, 0, 7)).toBe(false);
    expect(await second.hash()).toBe(blob);
    await second.keep();
    await second.close();
    expect(await readAll(blob)).toBe('content');
  });
});

describe('contents that take too much', () => {
  it('go by when they were used last, but for those in use', async () => {
    const [oldest, middle, newest] = [
      await put(cache, 'a'.repeat(100), 3),
      await put(cache, 'b'.repeat(100), 2),
      await put(cache, 'c'),
    ];
    const release = cache.use(oldest);
    await trimBlobs(cache, 150, Date.now());
    expect([oldest, middle, newest].map((blob) => cache.has(blob))).toEqual([true, false, true]);
    release();
    await trimBlobs(cache, 50, Date.now());
    expect([oldest, newest].map((blob) => cache.has(blob))).toEqual([false, true]);
    expect(await sizeOfBlobs(cache.folder)).toBe(1);
  });

  it('count those of other rooms, which go when nobody has used them for an hour', async () => {
    const other = new BlobCache(join(folder, 'other.blobs'));
    const [old, recent] = [await put(other, 'a'.repeat(100), 2), await put(other, 'b'.repeat(100))];
    await put(cache, 'c');
    await trimBlobs(cache, 10, Date.now());
    expect([other.has(old), other.has(recent)]).toEqual([false, true]);
  });

  it('are nothing in a folder that was never made', async () => {
    expect(await sizeOfBlobs(cache.folder)).toBe(0);
    await trimBlobs(cache, 0, Date.now());
    expect(existsSync(cache.folder)).toBe(false);
  });
});
