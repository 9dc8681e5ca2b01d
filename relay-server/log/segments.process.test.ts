import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readFuzzOptions } from '../../shared/testing/fuzz-options.ts';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { fuzzArchive } from '../testing/archive-fuzz.ts';
import { PostgresServer } from '../testing/postgres-server.ts';
import { S3Server } from '../testing/s3-server.ts';
import { openPostgresStorage } from './postgres.ts';
import { S3SegmentStore } from './s3.ts';
import { describeSegmentIndex } from './segment-index.contract.ts';
import { SegmentReader } from './segment-reader.ts';
import { describeSegmentedUpdateLog } from './segmented-update-log.contract.ts';
import { SegmentedUpdateLog } from './segmented-update-log.ts';
import { describeUpdateLog } from './update-log.contract.ts';

const FUZZ = readFuzzOptions({ seedCount: 3, operations: 120 });

let postgres: PostgresServer;
let s3: S3Server;
beforeAll(async () => {
  [postgres, s3] = await Promise.all([PostgresServer.start(), S3Server.start()]);
});
afterAll(async () => {
  await Promise.all([postgres.dispose(), s3.dispose()]);
});

async function open() {
  const storage = await openPostgresStorage(await postgres.createDatabase(), { reportProblem: () => {} });
  onTestFinished(() => storage.close());
  const store = new S3SegmentStore(s3.options());
  onTestFinished(() => store.dispose());
  return { ...storage, store };
}

describeSegmentIndex('Postgres', open);
describeSegmentedUpdateLog('Postgres and S3', open);
describeUpdateLog('Postgres and segments', async () => {
  const { log, segments, store } = await open();
  const reader = new SegmentReader(store, new ManualScheduler());
  onTestFinished(() => reader.dispose());
  return new SegmentedUpdateLog(log, segments, reader);
});

describe('archiving from Postgres to S3 beside appends, readers and crashes', () => {
  let segmentCount = 0;

  it.each(FUZZ.seeds)('loses and doubles nothing: seed %i', async (seed) => {
    segmentCount += await fuzzArchive(await open(), seed, FUZZ.operations);
  });

  it('was tried', () => {
    expect(segmentCount).toBeGreaterThan(FUZZ.seeds.length);
  });
});
