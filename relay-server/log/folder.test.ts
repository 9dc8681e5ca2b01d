import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { FolderSnapshotStore } from './folder.ts';
import { describeSnapshotStore } from './snapshot-store.contract.ts';

describeSnapshotStore('folder', () => {
  const folder = temporaryFolder();
  return {
    store: new FolderSnapshotStore(folder),
    damage(snapshotId) {
      const path = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith(snapshotId));
      writeFileSync(join(folder, path ?? 'missing'), new Uint8Array([1, 2, 4]));
    },
  };
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
