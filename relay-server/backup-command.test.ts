import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runBackup } from './backup-command.ts';
import { DataFolder } from './data-folder.ts';
import { contentHash } from './log/content-hash.ts';
import { FolderBlobParts, FolderSegmentStore, FolderSnapshotStore } from './log/folder.ts';
import { backupDatabase } from './log/sqlite/backup-database.ts';
import { MIGRATIONS } from './log/sqlite/schema.ts';
import { findIn, openRawDatabase } from './log/testing/raw-database.ts';
import { temporaryFolder } from './testing/relay-under-test.ts';

const KEY = { tenant: 't', room: 'r', document: 'd' };

/** A data folder with one document, whose snapshot a relay has made. */
async function setUp() {
  const data = new DataFolder(temporaryFolder());
  const storage = data.openStorage({ isServed: false });
  onTestFinished(() => storage.dispose());
  const snapshots = new FolderSnapshotStore(data.snapshots);
  const segments = new FolderSegmentStore(data.segments);
  const update = { session: { subject: 'ana', sessionId: 's' }, clientSeq: 1, name: 'Ana', timeMs: 1 };
  await storage.log.append([
    { key: KEY, epochWhenNew: 'e', updates: [{ ...update, payload: new Uint8Array([0, 0]) }] },
  ]);
  let seq = 1;
  const snapshotId = await snapshots.write(KEY, seq, new Uint8Array([1]));
  expect(await storage.log.setSnapshot(KEY, { seq, snapshotId, byteLength: 1 }, undefined)).toBe(true);
  /** As ten minutes do in which the document grows. */
  const replaceSnapshot = () => {
    const database = openRawDatabase(data.database);
    const old = database.prepare('SELECT snapshot_id FROM documents').pluck().get();
    const next = `${++seq}-${'0123456789abcdef'.repeat(4)}`;
    database.prepare('UPDATE documents SET snapshot_id = ?, snapshot_seq = ?').run(next, seq);
    database.close();
    const folder = folderOfSnapshots(data.snapshots);
    writeFileSync(join(folder, next), 'new');
    rmSync(join(folder, String(old)));
  };
  const target = join(temporaryFolder(), 'copy');
  return { data, storage, segments, snapshotId, target, replaceSnapshot };
}

/** The folder of the only document. */
function folderOfSnapshots(snapshots: string): string {
  const [group = ''] = readdirSync(snapshots);
  const [document = ''] = readdirSync(join(snapshots, group));
  return join(snapshots, group, document);
}

describe('a backup', () => {
  it('has everything that its database names when snapshots are replaced and removed meanwhile', async () => {
    const { data, target, replaceSnapshot } = await setUp();
    let copies = 0;
    const copyDatabase = (path: string, copy: string) => {
      // One that no earlier copy has.
      if (++copies < 3) replaceSnapshot();
      backupDatabase(path, copy);
      if (copies < 3) replaceSnapshot();
    };
    expect(await runBackup(data, target, { copyDatabase })).toMatchObject({ warning: undefined });
    expect(copies).toBe(3);
    expect(readdirSync(folderOfSnapshots(join(target, 'snapshots')))).toContain(
      findIn(join(target, 'relay.db'), 'SELECT snapshot_id FROM documents'),
    );
  });

  it('is none, and says so, when what it names is gone every time', async () => {
    const { data, target, replaceSnapshot } = await setUp();
    const copyDatabase = (path: string, copy: string) => {
      replaceSnapshot();
      backupDatabase(path, copy);
      replaceSnapshot();
    };
    await expect(runBackup(data, target, { copyDatabase })).rejects.toMatchObject({
      name: 'OperatorError',
      message: expect.stringMatching(/replaced faster than they can be copied: there is no backup/) as unknown,
    });
    expect(readdirSync(join(target, '..'))).toEqual([]);
  });

  it('is made of what there is, and names what the relay itself has lost', async () => {
    const { data, target, snapshotId, storage, segments } = await setUp();
    const range = { fromSeq: 1, toSeq: 1 };
    const segmentId = await segments.write(KEY, range, new Uint8Array([1]));
    await storage.segments.beginUpload(KEY, segmentId, 1);
    expect(await storage.segments.commit(KEY, { ...range, epoch: 'e', segmentId, byteLength: 1 })).toBe(true);
    rmSync(join(folderOfSnapshots(data.snapshots), snapshotId));
    const { text, warning } = await runBackup(data, target);
    expect(text).toContain(`Everything in ${data.path} was copied to ${target}`);
    expect(warning).toMatch(
      /^1 of .* not in the backup: the snapshot of the document d in room r\. .* repair --tenant t --room r$/,
    );
    rmSync(data.segments, { recursive: true });
    const again = await runBackup(data, `${target}-2`);
    expect(again.warning).toMatch(/^2 of .* document d in room r, and others\./);
  });

  it('has the contents of files, and names those of which a part is lost', async () => {
    const { data, target, storage } = await setUp();
    const parts = new FolderBlobParts(data.blobs);
    const key = { tenant: 't', room: 'r', blob: 'a'.repeat(64) };
    const stored = [1, 2].map((byte, part) => ({ part, sha256: contentHash(new Uint8Array([byte])), sizeBytes: 1 }));
    for (const part of stored) {
      await storage.blobs.announcePart(key, part, { maxRoomBytes: 1e9, nowMs: 1 });
      await parts.write(key, part, new Uint8Array([part.part + 1]));
      await storage.blobs.storePart(key, part);
    }
    await storage.blobs.complete(key, { parts: stored, sizeBytes: 2, createdBy: 'ana', nowMs: 1 });
    expect(await runBackup(data, target)).toMatchObject({ warning: undefined });
    const copied = new FolderBlobParts(new DataFolder(target).blobs);
    for (const part of stored) expect(await copied.read(key, part)).toEqual(Buffer.from([part.part + 1]));
    const [first] = stored;
    if (first) await parts.remove(key, first);
    const { warning } = await runBackup(data, `${target}-2`);
    expect(warning).toMatch(/^1 of .* a part of the file content a{64} in room r\. .* repair --tenant t --room r$/);
  });

  it('leaves out what is removed while it copies', async () => {
    const { data, target, snapshotId } = await setUp();
    const folder = folderOfSnapshots(data.snapshots);
    const others = Array.from({ length: 300 }, (_, index) => join(folder, `other-${index}`));
    for (const path of others) writeFileSync(path, 'x');
    const copied = join(`${target}.unfinished`, folder.slice(data.path.length));
    const backup = runBackup(data, target);
    while (!existsSync(copied) || readdirSync(copied).length === 0) await new Promise(setImmediate);
    for (const path of others) rmSync(path);
    expect(await backup).toMatchObject({ warning: undefined });
    const names = readdirSync(folderOfSnapshots(join(target, 'snapshots')));
    expect(names).toContain(snapshotId);
    expect(names.length).toBeLessThan(others.length);
  });

  it('says that a bucket is no part of it', async () => {
    const { data, storage, target } = await setUp();
    rmSync(data.snapshots, { recursive: true });
    await storage.objectsClaims.replace(undefined, { current: 'a', next: 'b', past: [] });
    const { text, warning } = await runBackup(data, target);
    expect(text).not.toContain('Everything');
    expect(text).toMatch(/was copied to \S+\. The bucket .* is no part of it: keep the objects/);
    expect(warning).toBeUndefined();
  });

  it('of a database that an older relay serves leaves its version as it is', async () => {
    const data = new DataFolder(temporaryFolder());
    const old = openRawDatabase(data.database);
    onTestFinished(() => void old.close());
    old.exec(MIGRATIONS[0] ?? '');
    old.pragma('user_version = 1');
    const target = join(temporaryFolder(), 'copy');
    expect(await runBackup(data, target)).toMatchObject({ warning: undefined });
    expect(findIn(join(target, 'relay.db'), 'PRAGMA user_version')).toBe(1);
  });

  it.each([
    ['a file', (folder: string) => writeFileSync(folder, ''), /copy is a file: nothing was copied/],
    [
      'a folder that is not empty',
      (folder: string) => mkdirSync(join(folder, 'x'), { recursive: true }),
      /is not empty/,
    ],
  ])('is refused for %s', async (_kind, prepare, message) => {
    const { data, target } = await setUp();
    prepare(target);
    const before = readdirSync(join(target, '..'), { recursive: true });
    await expect(runBackup(data, target)).rejects.toMatchObject({
      name: 'OperatorError',
      message: expect.stringMatching(message) as unknown,
    });
    expect(readdirSync(join(target, '..'), { recursive: true })).toEqual(before);
  });

  it.each(['copy', '..copy'])('is refused in the data folder, as %s', async (name) => {
    const { data } = await setUp();
    await expect(runBackup(data, join(data.path, name))).rejects.toThrow('would lie in the data folder');
  });

  it('takes the place of an empty folder', async () => {
    const { data, target } = await setUp();
    mkdirSync(target);
    await runBackup(data, target);
    expect(readdirSync(target).toSorted()).toEqual(['relay.db', 'snapshots']);
  });
});
