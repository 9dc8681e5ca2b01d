import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../testing/relay-under-test.ts';
import { LogFailure } from '../log-failure.ts';
import { openSqliteStorage, type SqliteStorageOptions } from '../sqlite.ts';
import { describeUpdateLog } from '../update-log.contract.ts';
import type { DocumentAppend } from '../update-log.ts';

const KEY = { tenant: 't', room: 'r', document: 'd' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

function openStorage(options: SqliteStorageOptions = {}) {
  const storage = openSqliteStorage(join(temporaryFolder(), 'relay.db'), { isThreaded: true, ...options });
  onTestFinished(() => storage.dispose());
  return storage;
}

function appendOf(clientSeq: number, payload: Uint8Array): DocumentAppend {
  const session = { subject: 'ada', sessionId: 's' };
  return { key: KEY, epochWhenNew: 'e', updates: [{ session, clientSeq, name: 'Ada', timeMs: 1, payload }] };
}

describeUpdateLog('SQLite with a writing thread', () => openStorage().log);

it('[UP4] has written what it promised, in the order in which it was asked', async () => {
  const { log } = openStorage();
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, index) => log.append([appendOf(index + 1, new Uint8Array([index]))])),
  );
  expect(results.map(([result]) => result?.headSeq)).toEqual(results.map((_, index) => index + 1));
  expect((await log.readUpdates(KEY, ALL)).map(({ payload }) => payload[0])).toEqual(results.map((_, index) => index));
});

it('leaves the memory of what it is given alone', async () => {
  const { log } = openStorage();
  const whole = new Uint8Array([1, 2, 3, 4, 5, 6]);
  const payload = whole.subarray(2, 4);
  await log.append([appendOf(1, payload)]);
  expect([...whole]).toEqual([1, 2, 3, 4, 5, 6]);
  expect([...((await log.readUpdates(KEY, ALL))[0]?.payload ?? [])]).toEqual([3, 4]);
});

it('a patient read gives the same, large updates and small ones, and sees what was appended before', async () => {
  const { log } = openStorage();
  for (const [index, bytes] of [10, 600_000, 0, 520_000, 5].entries())
    await log.append([appendOf(index + 1, new Uint8Array(bytes).fill(index + 1))]);
  for (const range of [ALL, { ...ALL, afterSeq: 1, maxBytes: 600_001 }, { ...ALL, throughSeq: 0 }]) {
    const page = await log.readUpdates(KEY, range);
    expect(await log.readUpdates(KEY, { ...range, isPatient: true })).toEqual(
      page.map((update) => ({ ...update, payload: new Uint8Array(update.payload) })),
    );
  }
});

it('says what failed, and refuses when it is closed', async () => {
  const storage = openStorage();
  await storage.log.append([appendOf(1, new Uint8Array(10))]);
  storage.dispose();
  await expect(storage.log.append([appendOf(2, new Uint8Array(10))])).rejects.toBeInstanceOf(LogFailure);
});
