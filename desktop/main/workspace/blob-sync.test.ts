import { rename, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type MirrorPolicy, TWO_WAY } from './mirror-policy.ts';
import { MirrorUnderTest, startMirror, TestFolder } from './testing/mirror-under-test.ts';
import { hashBytes } from './text-format.ts';

const bytes = (name: string) => Buffer.from(`\0${name}`);
const OLD = bytes('old picture');
const MINE = bytes('my picture');
const THEIRS = bytes('their picture');
const hashOf = (content: Uint8Array) => hashBytes(content);

/** A room that has a picture with the content OLD. */
async function startWithPicture(policy?: MirrorPolicy) {
  const test = new MirrorUnderTest(await TestFolder.create({ 'a.png': OLD }), policy ? { policy } : {});
  await test.start();
  const fileId = test.files.idOf('a.png');
  return {
    test,
    fileId,
    get blob() {
      return test.files.get(fileId)?.blob;
    },
    /** Somebody else replaces it; now, unless they did it at another time. */
    replace(content: Uint8Array, writtenMs = Date.now()) {
      test.files.update(fileId, { blob: test.blobs.bring(content), sizeBytes: content.length, writtenMs });
    },
  };
}

async function startReadOnly() {
  let isReadOnly = false;
  const held = new Set<string>();
  const started = await startWithPicture({
    ...TWO_WAY,
    get takesFiles() {
      return !isReadOnly;
    },
    takesEdits: () => !isReadOnly,
    takesRemoval: () => !isReadOnly,
    isFileHeld: (fileId) => held.has(fileId),
    holdFile: (fileId) => held.add(fileId),
    releaseFile: (fileId) => held.delete(fileId),
  });
  isReadOnly = true;
  return { ...started, held };
}

describe('a file that is no text', () => {
  it('[BL3] is listed with its content only once the relay has it', async () => {
    const test = new MirrorUnderTest(await TestFolder.create({ 'a.png': OLD }));
    test.blobs.isOffline = true;
    await test.start();
    const fileId = test.files.idOf('a.png');
    expect(test.files.get(fileId)).toMatchObject({ kind: 'binary', sizeBytes: OLD.length });
    expect(test.files.get(fileId)?.blob).toBeUndefined();
    test.blobs.isOffline = false;
    await test.settle();
    expect(test.files.get(fileId)?.blob).toBe(hashOf(OLD));
    expect(test.blobs.relay.get(hashOf(OLD))).toEqual(OLD);
    expect(test.replaced).toEqual([]);
    expect(test.problems).toEqual([]);
  });

  it('comes to the folder once its content has come', async () => {
    const test = await startMirror();
    test.blobs.isOffline = true;
    const blob = test.blobs.bring(THEIRS);
    test.files.create('b/c.png', '', { kind: 'binary', blob, sizeBytes: THEIRS.length });
    await test.settle();
    expect(await test.folder.contents()).toEqual({});
    test.blobs.isOffline = false;
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'b/c.png': THEIRS.toString() });
  });

  it('that is changed on disk is replaced in the room, and both contents are named', async () => {
    const picture = await startWithPicture();
    await picture.test.folder.write('a.png', MINE);
    await picture.test.settle();
    expect(picture.blob).toBe(hashOf(MINE));
    const from = { blob: hashOf(OLD), sizeBytes: OLD.length };
    const to = { blob: hashOf(MINE), sizeBytes: MINE.length };
    expect(picture.test.replaced).toEqual([{ fileId: picture.fileId, path: 'a.png', from, to }]);
  });

  it('that is replaced in the room is replaced on disk', async () => {
    const { test, replace } = await startWithPicture();
    replace(THEIRS);
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'a.png': THEIRS.toString() });
    expect(test.problems).toEqual([]);
  });

  it.each([
    ['theirs', THEIRS, MINE, 60_000],
    ['mine', MINE, THEIRS, -60_000],
  ])('[BL1] that both replaced has the content written last: %s; the other one is named', async (...given) => {
    const [, last, other, laterMs] = given;
    const picture = await startWithPicture();
    const { test, replace, fileId } = picture;
    test.blobs.isOffline = true;
    await test.folder.write('a.png', MINE);
    await test.settle();
    replace(THEIRS, Date.now() + laterMs);
    await test.settle();
    expect(await test.folder.read('a.png')).toBe(MINE.toString());
    test.blobs.isOffline = false;
    await test.settle();
    expect(picture.blob).toBe(hashOf(last));
    expect(await test.folder.contents()).toEqual({ 'a.png': last.toString() });
    expect(test.blobs.relay.get(hashOf(MINE))).toEqual(MINE);
    const from = { blob: hashOf(other), sizeBytes: other.length };
    const to = { blob: hashOf(last), sizeBytes: last.length };
    const isConcurrent = last === THEIRS ? { isConcurrent: true } : {};
    expect(test.replaced).toEqual([{ fileId, path: 'a.png', from, to, ...isConcurrent }]);
    expect(test.openProblems).toEqual([]);
    expect(test.files.files).toHaveLength(1);
  });

  it('that both replaced has the room’s content where the relay does not take the other; that is kept beside it', async () => {
    const picture = await startWithPicture();
    const { test, replace } = picture;
    test.blobs.refusal = 'The file is larger than this relay takes.';
    await test.folder.write('a.png', MINE);
    await test.settle();
    replace(THEIRS, Date.now() + 60_000);
    await test.settle();
    const { 'a.png': content, ...others } = await test.folder.contents();
    expect([content, ...Object.values(others)]).toEqual([THEIRS.toString(), MINE.toString()]);
    expect(test.openProblems).toMatchObject([{ path: 'a.png', severity: 'warning', canRetry: false }]);
  });

  it('is replaced without a copy where this device has sent its own before', async () => {
    const { test, replace } = await startWithPicture();
    await test.folder.write('a.png', MINE);
    await test.settle();
    replace(THEIRS);
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'a.png': THEIRS.toString() });
  });

  it('goes from the folder when the room deletes it, unless it was changed here', async () => {
    const { test, fileId } = await startWithPicture();
    test.files.remove([fileId]);
    await test.settle();
    expect(await test.folder.contents()).toEqual({});
    const second = await startWithPicture();
    second.test.blobs.isOffline = true;
    await second.test.folder.write('a.png', MINE);
    second.test.files.remove([second.fileId]);
    await second.test.settle();
    expect(await second.test.folder.contents()).toEqual({ 'a.png': MINE.toString() });
    second.test.blobs.isOffline = false;
    await second.test.settle();
    expect(second.test.files.get(second.test.files.idOf('a.png'))?.blob).toBe(hashOf(MINE));
  });

  it('goes from the room when it is deleted on disk, unless it was replaced there', async () => {
    const { test } = await startWithPicture();
    await rm(test.folder.at('a.png'));
    await test.settle();
    expect(test.files.files).toEqual([]);
    const second = await startWithPicture();
    await rm(second.test.folder.at('a.png'));
    second.replace(THEIRS);
    await second.test.settle();
    expect(await second.test.folder.contents()).toEqual({ 'a.png': THEIRS.toString() });
    expect(second.test.openProblems).toMatchObject([{ path: 'a.png', canRetry: false }]);
  });

  it('stays the same file when it is renamed on disk', async () => {
    const { test, fileId } = await startWithPicture();
    await rename(test.folder.at('a.png'), test.folder.at('b.png'));
    await test.settle();
    expect(test.files.files).toMatchObject([{ fileId, path: 'b.png', blob: hashOf(OLD) }]);
    expect(test.blobs.uploadCount).toBe(1);
  });

  it('without a byte is one, too', async () => {
    const picture = await startWithPicture();
    await picture.test.folder.write('a.png', '');
    await picture.test.settle();
    expect(picture.test.files.files).toMatchObject([
      { fileId: picture.fileId, kind: 'binary', blob: hashOf(Buffer.alloc(0)), sizeBytes: 0 },
    ]);
    picture.replace(THEIRS);
    await picture.test.settle();
    picture.replace(Buffer.alloc(0));
    await picture.test.settle();
    expect(await picture.test.folder.contents()).toEqual({ 'a.png': '' });
  });

  it('is taken up by the next start, on both sides', async () => {
    const picture = await startWithPicture();
    const { test } = picture;
    await test.folder.write('b.png', bytes('second'));
    await test.settle();
    await test.stop();
    picture.replace(THEIRS);
    await test.folder.write('b.png', MINE);
    await test.start();
    expect(await test.folder.contents()).toEqual({ 'a.png': THEIRS.toString(), 'b.png': MINE.toString() });
    expect(test.files.get(test.files.idOf('b.png'))?.blob).toBe(hashOf(MINE));
  });

  it('that waits for its content is listed by a device that lost its bases', async () => {
    const folder = await TestFolder.create({ 'a.png': OLD });
    const test = new MirrorUnderTest(folder);
    test.files.create('a.png', '', { kind: 'binary', sizeBytes: OLD.length });
    test.files.create('b.png', '', { kind: 'binary', sizeBytes: 5 });
    await folder.write('b.png', MINE);
    await test.start();
    expect(test.files.get(test.files.idOf('a.png'))?.blob).toBe(hashOf(OLD));
    expect(test.files.get(test.files.idOf('b.png'))?.blob).toBeUndefined();
    test.files.update(test.files.idOf('b.png'), { blob: test.blobs.bring(THEIRS) });
    await test.settle();
    expect(await folder.read('b.png')).toBe(THEIRS.toString());
    expect(Object.values(await folder.contents())).toContain(MINE.toString());
  });
});

describe('while a content is on its way', () => {
  it('a change counts, and what was sent before is not listed', async () => {
    const picture = await startWithPicture();
    const { test } = picture;
    await test.folder.write('a.png', MINE);
    await test.current.reconcile();
    await test.folder.write('a.png', bytes('my second picture'));
    await test.settle();
    expect(picture.blob).toBe(hashOf(bytes('my second picture')));
    expect(test.blobs.relay.has(hashOf(MINE))).toBe(false);
    expect(test.replaced).toHaveLength(1);
  });

  it('its file can go or get another name', async () => {
    const picture = await startWithPicture();
    const { test, fileId } = picture;
    await test.folder.write('a.png', MINE);
    await test.current.reconcile();
    test.files.update(fileId, { path: 'b.png' });
    await test.settle();
    expect(test.files.files).toMatchObject([{ fileId, path: 'b.png', blob: hashOf(MINE) }]);
    expect(await test.folder.contents()).toEqual({ 'b.png': MINE.toString() });
    picture.replace(THEIRS);
    await test.current.flush();
    test.files.remove([fileId]);
    await test.settle();
    expect(await test.folder.contents()).toEqual({});
  });

  it('another that comes in its place counts', async () => {
    const picture = await startWithPicture();
    picture.replace(MINE);
    await picture.test.current.flush();
    picture.replace(THEIRS);
    await picture.test.settle();
    expect(await picture.test.folder.contents()).toEqual({ 'a.png': THEIRS.toString() });
  });

  it('what is written to its file on disk is not overwritten', async () => {
    const picture = await startWithPicture();
    const { test } = picture;
    // The times of files on disk may be some milliseconds behind the clock.
    picture.replace(THEIRS, Date.now() - 60_000);
    test.blobs.beforeRead = () => test.folder.write('a.png', MINE);
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'a.png': MINE.toString() });
    expect(test.replaced).toMatchObject([{ from: { blob: hashOf(THEIRS) }, to: { blob: hashOf(MINE) } }]);
  });

  it('it is sent once for two files', async () => {
    const test = await startMirror({ 'a.png': OLD, 'b.png': OLD });
    expect(test.files.files.map(({ blob }) => blob)).toEqual([hashOf(OLD), hashOf(OLD)]);
    expect(test.blobs.uploadCount).toBe(1);
  });

  it('a disk without space keeps what it has, and is tried again', async () => {
    const picture = await startWithPicture();
    const { test } = picture;
    test.writes.errno = 'ENOSPC';
    picture.replace(THEIRS);
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'a.png': OLD.toString() });
    expect(test.openProblems).toMatchObject([{ path: 'a.png', canRetry: true }]);
    test.writes.errno = undefined;
    await test.advance(5_000);
    expect(await test.folder.contents()).toEqual({ 'a.png': THEIRS.toString() });
    expect(test.openProblems).toEqual([]);
  });
});

describe('a content that the relay refuses', () => {
  it('stays on this device, and that is told', async () => {
    const picture = await startWithPicture();
    const { test } = picture;
    test.blobs.refusal = 'The file is larger than this relay takes.';
    await test.folder.write('a.png', MINE);
    await test.settle();
    expect(picture.blob).toBe(hashOf(OLD));
    expect(await test.folder.read('a.png')).toBe(MINE.toString());
    expect(test.openProblems).toMatchObject([{ path: 'a.png', canRetry: true, detail: test.blobs.refusal }]);
    test.blobs.refusal = undefined;
    await test.settle();
    expect(picture.blob).toBe(hashOf(MINE));
    expect(test.openProblems).toEqual([]);
  });
});

describe('somebody who may only read', () => {
  it('keeps a change on this device until the room has another', async () => {
    const { test, held, replace, fileId } = await startReadOnly();
    await test.folder.write('a.png', MINE);
    await test.settle();
    expect([...held]).toEqual([fileId]);
    expect(test.files.get(fileId)?.blob).toBe(hashOf(OLD));
    replace(THEIRS);
    await test.settle();
    const { 'a.png': content, ...others } = await test.folder.contents();
    expect([content, ...Object.values(others)]).toEqual([THEIRS.toString(), MINE.toString()]);
    expect([...held]).toEqual([]);
  });
});

describe('a text', () => {
  it('that becomes binary on disk is shared as that, and as a text again when it is one', async () => {
    const test = await startMirror({ 'a.txt': 'one\n' });
    await test.folder.write('a.txt', OLD);
    await test.settle();
    expect(test.files.files).toMatchObject([{ path: 'a.txt', kind: 'binary', blob: hashOf(OLD) }]);
    await test.folder.write('a.txt', 'two\n');
    await test.settle();
    expect(test.files.contents).toEqual({ 'a.txt': 'two\n' });
    expect(test.openProblems).toEqual([]);
  });

  it('that becomes binary in the room does so on disk, and the other way round', async () => {
    const test = await startMirror({ 'a.txt': 'one\n' });
    const fileId = test.files.idOf('a.txt');
    test.files.update(fileId, { kind: 'binary', blob: test.blobs.bring(THEIRS), sizeBytes: THEIRS.length });
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'a.txt': THEIRS.toString() });
    test.files.update(fileId, { kind: 'text' });
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'one\n' });
    expect(test.openProblems).toEqual([]);
  });

  it('that grows beyond what is shared as text on disk is shared without being one', async () => {
    const test = await startMirror({ 'a.txt': 'one\n' });
    const large = 'word\n'.repeat(13 * 1024 * 1024 + 800_000);
    await test.folder.write('a.txt', large);
    await test.settle();
    expect(test.files.files).toMatchObject([{ path: 'a.txt', kind: 'oversized', sizeBytes: large.length }]);
    expect(test.files.files[0]?.blob).toBe(hashBytes(Buffer.from(large)));
  });
});
