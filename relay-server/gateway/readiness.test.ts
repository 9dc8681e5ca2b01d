import { describe, expect, it } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { LogFailure } from '../log/log-failure.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import { Readiness } from './readiness.ts';

function setUp() {
  const storage = openSqliteStorage(':memory:');
  const scheduler = new ManualScheduler();
  return { storage, log: storage.log, scheduler, readiness: new Readiness(storage.log, scheduler) };
}

describe('readiness', () => {
  it('is there while the database answers and nobody stops the node', async () => {
    const { storage, scheduler, readiness } = setUp();
    expect(await readiness.check()).toBe('ready');
    readiness.drain();
    expect(await readiness.check()).toBe('draining');
    expect(scheduler.pendingCount).toBe(0);
    storage.dispose();
  });

  it('is gone when the database fails or says nothing, and comes back', async () => {
    const { storage, log, scheduler, readiness } = setUp();
    const readHeads = log.readHeads.bind(log);
    log.readHeads = async () => {
      throw new LogFailure('busy', 'away');
    };
    expect(await readiness.check()).toBe('no-database');
    log.readHeads = () => new Promise(() => {});
    scheduler.advance(501);
    const silent = readiness.check();
    scheduler.advance(2_000);
    expect(await silent).toBe('no-database');
    log.readHeads = readHeads;
    scheduler.advance(501);
    expect(await readiness.check()).toBe('ready');
    storage.dispose();
  });
});
