import { join } from 'node:path';
import { systemScheduler } from '../../shared/lifecycle/index.ts';
import { Archiver } from '../log/archiver.ts';
import { FolderSegmentStore } from '../log/folder.ts';
import { openSqliteStorage } from '../log/sqlite.ts';

// Appends to one document in a folder and archives it, as fast as it can, until it is killed. Says what is durable.

const KEY = { tenant: 't', room: 'r', document: 'd' };
const BATCH = 7;

const folder = process.argv[2] ?? '.';
const sessionId = process.argv[3] ?? '';
const storage = openSqliteStorage(join(folder, 'relay.db'), { isThreaded: true, isChecked: false });
const store = new FolderSegmentStore(join(folder, 'segments'));
const services = { log: storage.log, index: storage.segments, store, scheduler: systemScheduler };
const reportProblem = (error: unknown) => process.stderr.write(`${String(error)}\n`);
for (let node = 0; node < 2; node++) {
  const options = { keptUpdates: 20, keptMs: 1, segmentUpdates: 10, graceMs: 100, intervalMs: 3 };
  new Archiver({ ...services, reportProblem }, options);
}

for (let clientSeq = 1; ; clientSeq += BATCH) {
  const updates = Array.from({ length: BATCH }, (_, index) => ({
    session: { subject: `subject of ${sessionId}`, sessionId },
    clientSeq: clientSeq + index,
    name: `name of ${sessionId}`,
    timeMs: Date.now(),
    payload: Buffer.from(`${sessionId} ${clientSeq + index}`),
  }));
  await storage.log.append([{ key: KEY, epochWhenNew: 'e', updates }]);
  process.stdout.write(`${sessionId} ${clientSeq + BATCH - 1}\n`);
  const record = await storage.log.readDocument(KEY);
  if (!record) continue;
  const pointer = { seq: record.headSeq, snapshotId: `at ${record.headSeq}`, byteLength: 1 };
  await storage.log.setSnapshot(KEY, pointer, record.snapshot?.snapshotId);
}
