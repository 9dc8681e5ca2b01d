import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readFuzzOptions } from '../../shared/testing/fuzz-options.ts';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { fuzzArchive } from '../testing/archive-fuzz.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { FolderSegmentStore } from './folder.ts';
import { describeSegmentIndex } from './segment-index.contract.ts';
import { SegmentReader } from './segment-reader.ts';
import { describeSegmentedUpdateLog } from './segmented-update-log.contract.ts';
import { SegmentedUpdateLog } from './segmented-update-log.ts';
import { openSqliteStorage } from './sqlite.ts';
import { describeUpdateLog } from './update-log.contract.ts';

const FUZZ = readFuzzOptions({ seedCount: 4, operations: 150 });

function open(isThreaded = false) {
  const folder = temporaryFolder();
  const storage = openSqliteStorage(join(folder, 'relay.db'), { isThreaded });
  onTestFinished(() => storage.dispose());
  return { ...storage, store: new FolderSegmentStore(join(folder, 'segments')) };
}

describeSegmentIndex('SQLite', () => open());
describeSegmentIndex('SQLite with a writing thread', () => open(true));
describeSegmentedUpdateLog('SQLite and a folder', () => open());
describeUpdateLog('SQLite and segments', () => {
  const { log, segments, store } = open();
  const reader = new SegmentReader(store, new ManualScheduler());
  onTestFinished(() => reader.dispose());
  return new SegmentedUpdateLog(log, segments, reader);
});

describe('archiving beside appends, readers and crashes', () => {
  let segmentCount = 0;

  it.each(FUZZ.seeds)('loses and doubles nothing: seed %i', { timeout: 60_000 }, async (seed) => {
    segmentCount += await fuzzArchive(open(), seed, FUZZ.operations);
  });

  it('loses and doubles nothing with a writing thread', { timeout: 60_000 }, async () => {
    segmentCount += await fuzzArchive(open(true), 1, FUZZ.operations);
  });

  it('was tried', () => {
    expect(segmentCount).toBeGreaterThan(FUZZ.seeds.length);
  });
});
