import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { GroupCommit } from './group-commit.ts';

/** What SQLite calls a commit that is brought to the disk at once. */
const FULL = 2;

function open() {
  const database = new Database(':memory:');
  database.exec('CREATE TABLE commits (synced INTEGER NOT NULL); INSERT INTO commits VALUES (0)');
  const time = new ManualScheduler();
  const writes = new GroupCommit(database, time, (error) => new Error('failed', { cause: error }));
  onTestFinished(() => {
    writes.dispose();
    database.close();
  });
  const commit = async () => {
    const done = writes.enqueue(() => {});
    writes.flush();
    await done;
    return database.pragma('synchronous', { simple: true }) === FULL;
  };
  return { database, time, writes, commit };
}

describe('what is committed', () => {
  it('is on the disk half a second later, though the clock is set back meanwhile', async () => {
    const { database, time, commit } = open();
    expect(await commit()).toBe(true);
    time.jumpClock(-3_600_000);
    expect(await commit()).toBe(false);
    time.advance(500);
    expect(database.prepare('SELECT synced FROM commits').get()).toEqual({ synced: 1 });
    expect(database.pragma('synchronous', { simple: true })).toBe(FULL);
  });

  it('is on the disk at once when nothing was for half a second', async () => {
    const { database, time, commit } = open();
    expect(await commit()).toBe(true);
    time.advance(500);
    expect(time.pendingCount).toBe(0);
    expect(await commit()).toBe(true);
    expect(database.prepare('SELECT synced FROM commits').get()).toEqual({ synced: 0 });
  });

  it('is on the disk when a caller waits for that', async () => {
    const { database, writes, commit } = open();
    await commit();
    const order: string[] = [];
    void writes.enqueue(() => order.push('write'));
    await writes.sync();
    expect(order).toEqual(['write']);
    expect(database.pragma('synchronous', { simple: true })).toBe(FULL);
  });
});
