import { readdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { describeBlobParts } from './blob-parts.contract.ts';
import { FolderBlobParts, FolderSegmentStore, FolderSnapshotStore, UnfinishedFiles } from './folder.ts';
import { describeSegmentStore } from './segment-store.contract.ts';
import { describeSnapshotStore } from './snapshot-store.contract.ts';

/** Overwrites the one file in the folder whose name ends so. */
function damageIn(folder: string, nameEnd: string): void {
  const path = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith(nameEnd));
  writeFileSync(join(folder, path ?? 'missing'), new Uint8Array([1, 2, 4]));
}

describeSnapshotStore('folder', () => {
  const folder = temporaryFolder();
  return { store: new FolderSnapshotStore(folder), damage: (snapshotId) => damageIn(folder, snapshotId) };
});

describeSegmentStore('folder', () => {
  const folder = temporaryFolder();
  return { store: new FolderSegmentStore(folder), damage: (segmentId) => damageIn(folder, segmentId) };
});

describeBlobParts('folder', () => {
  const folder = temporaryFolder();
  return { parts: new FolderBlobParts(folder), damage: (objectId) => damageIn(folder, objectId) };
});

it('refuses a segment that is larger than any, without reading it', async () => {
  const folder = temporaryFolder();
  const store = new FolderSegmentStore(folder);
  const key = { tenant: 't', room: 'r', document: 'd' };
  const segmentId = await store.write(key, { fromSeq: 1, toSeq: 2 }, new Uint8Array([1]));
  const path = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith(segmentId));
  truncateSync(join(folder, path ?? 'missing'), 10 * 1024 ** 3);
  await expect(store.read(key, segmentId)).rejects.toMatchObject({ name: 'LogFailure', code: 'corrupted' });
});

it('leaves no half-written file', async () => {
  const folder = temporaryFolder();
  const store = new FolderSnapshotStore(folder);
  await store.write({ tenant: 't', room: 'r', document: 'd' }, 1, new Uint8Array(10));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.map(({ name }) => name)).toEqual([expect.stringMatching(/^1-[0-9a-f]{64}$/)]);
});

describe('what a crash in the middle of a write has left', () => {
  const HOUR_MS = 60 * 60_000;
  const TEMPORARY = '.01234567-89ab-cdef-0123-456789abcdef';

  async function setUp() {
    const folder = temporaryFolder();
    const store = new FolderSnapshotStore(folder);
    const objectId = await store.write({ tenant: 't', room: 'r', document: 'd' }, 1, new Uint8Array(10));
    const path = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith(objectId));
    const documentFolder = dirname(join(folder, path ?? 'missing'));
    const scheduler = new ManualScheduler(Date.now());
    const leave = (name: string, ageMs: number) => {
      writeFileSync(join(documentFolder, name), 'half');
      const seconds = (scheduler.now() - ageMs) / 1000;
      utimesSync(join(documentFolder, name), seconds, seconds);
    };
    const problems: unknown[] = [];
    const start = (...folders: string[]) => {
      const reportProblem = (error: unknown) => problems.push(error);
      const unfinished = new UnfinishedFiles({ folders, scheduler, reportProblem });
      onTestFinished(() => unfinished.dispose());
      return unfinished;
    };
    return { folder, objectId, scheduler, leave, start, problems, names: () => readdirSync(documentFolder).sort() };
  }

  it('is removed at the start once it is an hour old, and nothing else', async () => {
    const { folder, objectId, leave, start, problems, names } = await setUp();
    const young = TEMPORARY.replace('0', '1');
    leave(TEMPORARY, HOUR_MS + 1_000);
    leave(young, HOUR_MS - 60_000);
    leave('.a file of somebody else', 100 * HOUR_MS);
    leave(objectId, 100 * HOUR_MS);
    await start(join(folder, 'missing'), folder).settled();
    expect(names()).toEqual(['.a file of somebody else', young, objectId].sort());
    expect(problems).toEqual([]);
  });

  it('is removed later by a relay that was started right after the crash', async () => {
    const { folder, objectId, scheduler, leave, start, names } = await setUp();
    leave(TEMPORARY, 0);
    const unfinished = start(folder);
    await unfinished.settled();
    expect(names()).toContain(TEMPORARY);
    scheduler.advance(24 * HOUR_MS);
    await unfinished.settled();
    expect(names()).toEqual([objectId]);
    unfinished.dispose();
    expect(scheduler.pendingCount).toBe(0);
  });

  it('is reported when it cannot be looked for', async () => {
    const { folder, objectId, leave, start, problems, names } = await setUp();
    leave(TEMPORARY, 2 * HOUR_MS);
    writeFileSync(join(folder, 'file'), '');
    await start(join(folder, 'file'), folder).settled();
    expect(problems).toMatchObject([{ name: 'LogFailure', message: expect.stringContaining('file') as unknown }]);
    expect(names()).toEqual([objectId]);
  });
});

it('says when it may not write', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  const store = new FolderSnapshotStore(join(folder, 'file'));
  await expect(store.write({ tenant: 't', room: 'r', document: 'd' }, 1, new Uint8Array(1))).rejects.toMatchObject({
    name: 'LogFailure',
  });
});
