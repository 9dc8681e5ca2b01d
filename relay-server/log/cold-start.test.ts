import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createTypist } from '../testing/raw-client.ts';
import { RelayUnderTest, temporaryFolder } from '../testing/relay-under-test.ts';
import { FolderSnapshotStore } from './folder.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { openSqliteStorage } from './sqlite.ts';
import type { UpdateLog } from './update-log.ts';

const UPDATES = 3_000;
const AFTER_UPDATES = 200;
const BATCH = 250;
const KEY = { tenant: 'default', room: 'room', document: 'file' };

/** Real storage that notes what is read of it. */
function openCounted() {
  const folder = temporaryFolder();
  const storage = openSqliteStorage(join(folder, 'relay.db'));
  onTestFinished(() => storage.dispose());
  const folderStore = new FolderSnapshotStore(join(folder, 'snapshots'));
  const reads = { snapshots: 0, rows: new Set<number>() };
  const log: UpdateLog = {
    maxConcurrentAppends: storage.log.maxConcurrentAppends,
    append: (...parameters) => storage.log.append(...parameters),
    readDocument: (...parameters) => storage.log.readDocument(...parameters),
    readHeads: (...parameters) => storage.log.readHeads(...parameters),
    readLastOfSession: (...parameters) => storage.log.readLastOfSession(...parameters),
    settleEpoch: (...parameters) => storage.log.settleEpoch(...parameters),
    replaceEpoch: (...parameters) => storage.log.replaceEpoch(...parameters),
    setSnapshot: (...parameters) => storage.log.setSnapshot(...parameters),
    async readUpdates(...parameters) {
      const rows = await storage.log.readUpdates(...parameters);
      for (const { seq } of rows) reads.rows.add(seq);
      return rows;
    },
  };
  const snapshots: SnapshotStore = {
    write: (...parameters) => folderStore.write(...parameters),
    list: (...parameters) => folderStore.list(...parameters),
    remove: (...parameters) => folderStore.remove(...parameters),
    read(...parameters) {
      reads.snapshots++;
      return folderStore.read(...parameters);
    },
  };
  return { log, snapshots, reads };
}

it('reads one snapshot and a bounded tail when a long document is opened cold', { timeout: 60_000 }, async () => {
  const { log, snapshots, reads } = openCounted();
  const relay = new RelayUnderTest({ log, snapshots, compaction: { afterUpdates: AFTER_UPDATES, afterBytes: 1e9 } });
  const ada = await relay.join('ada.editor');
  ada.client.open(1, 'file');
  await relay.settle();
  const typist = createTypist(1);
  for (let clientSeq = 1; clientSeq <= UPDATES; clientSeq++) {
    ada.client.update(1, clientSeq, typist.type('x'));
    // What comes at once would become one row.
    await relay.settle();
    if (clientSeq % BATCH === 0) await relay.advance(5);
  }
  let tail = Infinity;
  while (tail >= AFTER_UPDATES) {
    await relay.settle();
    const record = await log.readDocument(KEY);
    if (record?.headSeq === UPDATES) tail = UPDATES - (record.snapshot?.seq ?? 0);
  }
  relay.restart();
  reads.snapshots = 0;
  reads.rows.clear();
  const bob = await relay.join('bob.editor');
  bob.client.open(1, 'file');
  while (bob.client.all('opened').length === 0) await relay.settle();
  await relay.settle();
  expect(bob.client.textOf(1)).toBe('x'.repeat(UPDATES));
  expect(reads.snapshots).toBe(1);
  expect(reads.rows.size).toBe(tail);
  expect(relay.problems).toEqual([]);
});
