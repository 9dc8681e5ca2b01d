import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FolderSnapshotStore } from '../log/folder.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { readPages } from './read-committed.ts';

const KEY = { tenant: 't', room: 'r', document: 'd' };

/** A log with tiny updates. */
async function openFilled(count: number) {
  const folder = temporaryFolder();
  const { log, dispose } = openSqliteStorage(join(folder, 'relay.db'));
  onTestFinished(dispose);
  const session = { subject: 's', sessionId: 'i' };
  const updates = Array.from({ length: count }, (_, index) => {
    return { session, clientSeq: index + 1, name: 'n', timeMs: 1, payload: new Uint8Array([0, 0]) };
  });
  await log.append([{ key: KEY, epochWhenNew: 'e', updates }]);
  return { log, snapshots: new FolderSnapshotStore(join(folder, 'snapshots')) };
}

it('reads few updates at once, however small they are', async () => {
  const source = await openFilled(2_600);
  const sizes: number[] = [];
  const seqs: number[] = [];
  for await (const page of readPages(source, KEY, 100, 2_550)) {
    sizes.push(page.length);
    seqs.push(...page.map(({ seq }) => seq));
  }
  expect(sizes).toEqual([1_000, 1_000, 450]);
  expect(seqs).toEqual(Array.from({ length: 2_450 }, (_, index) => 101 + index));
});

it('says which update is missing, also when a whole page is', async () => {
  const source = await openFilled(1_000);
  let reached = 0;
  const read = async () => {
    for await (const page of readPages(source, KEY, 0, 2_100)) reached += page.length;
  };
  await expect(read()).rejects.toMatchObject({
    name: 'LogFailure',
    code: 'corrupted',
    message: expect.stringContaining('Update 1001 ') as unknown,
  });
  expect(reached).toBe(1_000);
});
