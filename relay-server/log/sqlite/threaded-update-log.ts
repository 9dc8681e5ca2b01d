import type { DocumentAppend, DocumentKey, ReadRange, SessionKey, SnapshotPointer, UpdateLog } from '../update-log.ts';
import type { SqliteUpdateLog } from './sqlite-update-log.ts';
import { packBatch, unpackPage } from './write-messages.ts';
import type { WriteThread } from './write-thread.ts';

/**
 * An update log in SQLite that reads here and writes in a thread of its own, so that no broadcast waits for the disk. What
 * nobody waits for is read in the thread, too.
 */
export class ThreadedUpdateLog implements UpdateLog {
  private readonly reads: SqliteUpdateLog;
  private readonly writes: WriteThread;
  readonly maxConcurrentAppends: number;

  /** Both work on the same file; the caller keeps the ownership of them. */
  constructor(reads: SqliteUpdateLog, writes: WriteThread) {
    this.reads = reads;
    this.writes = writes;
    this.maxConcurrentAppends = reads.maxConcurrentAppends;
  }

  async append(batch: readonly DocumentAppend[]) {
    const packed = await packBatch(batch);
    return this.writes.ask({ kind: 'append', batch: packed }, [packed.bytes.buffer]);
  }

  settleEpoch(key: DocumentKey, epoch: string) {
    return this.writes.ask({ kind: 'settle-epoch', key, epoch });
  }

  replaceEpoch(key: DocumentKey, from: string, to: string) {
    return this.writes.ask({ kind: 'replace-epoch', key, from, to });
  }

  setSnapshot(key: DocumentKey, snapshot: SnapshotPointer, replacedId: string | undefined) {
    return this.writes.ask({ kind: 'set-snapshot', key, snapshot, replacedId });
  }

  readDocument(key: DocumentKey) {
    return this.reads.readDocument(key);
  }

  readHeads(keys: readonly DocumentKey[]) {
    return this.reads.readHeads(keys);
  }

  async readUpdates(key: DocumentKey, range: ReadRange) {
    if (!range.isPatient) return this.reads.readUpdates(key, range);
    return unpackPage(await this.writes.ask({ kind: 'read-updates', key, range }));
  }

  readLastOfSession(key: DocumentKey, session: SessionKey) {
    return this.reads.readLastOfSession(key, session);
  }
}
