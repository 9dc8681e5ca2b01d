import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { FolderSegmentStore, FolderSnapshotStore } from './folder.ts';
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

it('says when it may not write', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  const store = new FolderSnapshotStore(join(folder, 'file'));
  await expect(store.write({ tenant: 't', room: 'r', document: 'd' }, 1, new Uint8Array(1))).rejects.toMatchObject({
    name: 'LogFailure',
  });
});
