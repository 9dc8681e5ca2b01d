import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../testing/manual-scheduler.ts';
import { MemoryOfflineStore } from '../testing/memory-offline-store.ts';
import { ReplicaStore } from './replica-store.ts';

/** A store whose writes are made one by one, by hand, and a replica's writer on it. */
async function start() {
  const paces: (() => void)[] = [];
  const store = new MemoryOfflineStore(undefined, () => new Promise((resolve) => void paces.push(resolve)));
  const scheduler = new ManualScheduler();
  const failures: unknown[] = [];
  const cursors: number[] = [];
  const replica = new ReplicaStore({
    store: store.openDocument('file'),
    scheduler,
    random: () => 0.5,
    onFailure: (error) => failures.push(error),
    onRecovery: () => failures.push('recovered'),
    onCursorSaved: ({ seq }) => cursors.push(seq),
  });
  await replica.load();
  const writeOne = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    paces.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const rowsOf = (document: string) => store.disk.documentOf(document).rows.map(({ payload }) => payload[0]);
  onTestFinished(async () => {
    const closed = replica.close();
    for (let write = 0; write < 10; write++) await writeOne();
    await closed;
  });
  return { store, scheduler, failures, cursors, replica, writeOne, rowsOf };
}

const update = (byte: number) => new Uint8Array([byte]);

it('keeps a write before what others write to the same file afterwards, also while an earlier one is under way', async () => {
  const { store, replica, writeOne, rowsOf } = await start();
  replica.appendRemote(update(1));
  replica.appendRemote(update(2));
  replica.appendLocal(update(3), () => undefined);
  const other = store.openDocument('other').appendLocal(update(4));
  for (let write = 0; write < 3; write++) await writeOne();
  expect([rowsOf('file'), rowsOf('other')]).toEqual([[1, 2, 3], []]);
  await writeOne();
  await other;
  expect(rowsOf('other')).toEqual([4]);
});

it('does not keep while what failed waits, be it the cursor alone, and keeps again without another edit', async () => {
  const { store, scheduler, failures, cursors, replica, writeOne } = await start();
  expect(replica.canKeep).toBe(true);
  store.writeError = new Error('full');
  replica.saveCursor({ epoch: 'e', seq: 1 });
  scheduler.advance(600);
  await writeOne();
  expect([replica.canKeep, failures.length]).toEqual([false, 1]);
  store.writeError = undefined;
  scheduler.advance(60_000);
  await writeOne();
  expect([replica.canKeep, cursors, failures.at(-1)]).toEqual([true, [1], 'recovered']);
});

it('tries what failed again in its order, with what came since behind it, and saves the cursor after all of it', async () => {
  const { store, scheduler, failures, cursors, replica, writeOne, rowsOf } = await start();
  store.writeError = new Error('full');
  replica.appendRemote(update(1));
  replica.appendRemote(update(2));
  replica.saveCursor({ epoch: 'e', seq: 2 });
  for (let write = 0; write < 2; write++) await writeOne();
  replica.appendRemote(update(3));
  store.writeError = undefined;
  scheduler.advance(600);
  await writeOne();
  expect([rowsOf('file'), cursors, failures.length]).toEqual([[], [], 1]);
  scheduler.advance(60_000);
  for (let write = 0; write < 4; write++) await writeOne();
  expect([rowsOf('file'), cursors, failures.at(-1)]).toEqual([[1, 2, 3], [2], 'recovered']);
});
