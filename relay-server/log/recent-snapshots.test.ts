import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { FolderSnapshotStore } from './folder.ts';
import { RecentSnapshots } from './recent-snapshots.ts';
import { describeSnapshotStore } from './snapshot-store.contract.ts';

const KEY = { tenant: 't', room: 'r', document: 'd' };

function setUp() {
  const folder = temporaryFolder();
  const scheduler = new ManualScheduler();
  const behind = new FolderSnapshotStore(folder);
  const store = new RecentSnapshots(behind, scheduler);
  onTestFinished(() => store.dispose());
  const damage = (snapshotId: string) => {
    const path = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith(snapshotId));
    writeFileSync(join(folder, path ?? 'missing'), new Uint8Array([1, 2, 4]));
  };
  return { store, behind, scheduler, damage };
}

describeSnapshotStore('recent ones before a folder', setUp);

it('remembers for moments what was read', async () => {
  const { store, behind, scheduler } = setUp();
  const snapshotId = await store.write(KEY, 1, new Uint8Array([1, 2, 3]));
  await store.read(KEY, snapshotId);
  await behind.remove(KEY, snapshotId);
  expect(await store.read(KEY, snapshotId)).toHaveLength(3);
  scheduler.advance(5_000);
  await expect(store.read(KEY, snapshotId)).rejects.toMatchObject({ code: 'corrupted' });
  await behind.write(KEY, 1, new Uint8Array([1, 2, 3]));
  expect(await store.read(KEY, snapshotId)).toHaveLength(3);
});

it('remembers only so much', async () => {
  const { store, behind } = setUp();
  const ids = [];
  for (let seq = 1; seq <= 3; seq++) ids.push(await store.write(KEY, seq, new Uint8Array(15 * 1024 * 1024).fill(seq)));
  for (const snapshotId of ids) {
    await store.read(KEY, snapshotId);
    await behind.remove(KEY, snapshotId);
  }
  await expect(store.read(KEY, ids[0] ?? '')).rejects.toMatchObject({ code: 'corrupted' });
  expect(await store.read(KEY, ids[2] ?? '')).toHaveLength(15 * 1024 * 1024);
});
