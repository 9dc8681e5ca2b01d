import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import { EMPTY_UPDATE, REPAIR_SUBJECT } from './document-repairs.ts';
import { LogFailure } from './log-failure.ts';
import { repairCommand } from './repair-command-line.ts';
import { decodeSegment } from './segment-format.ts';
import type { SegmentPointer } from './segment-index.ts';
import type { SegmentStore } from './segment-store.ts';
import type { DocumentKey, LoggedUpdate } from './update-log.ts';

/** A segment is read page by page, by one or by several at once. */
const KEPT_MS = 5_000;
const MAX_KEPT = 4;

/** Reads the updates of segments, and keeps them for a moment. */
export class SegmentReader implements Disposable {
  private readonly store: SegmentStore;
  private readonly scheduler: Scheduler;
  /** By the document and the id, the latest first read last. */
  private readonly reads = new Map<string, Promise<readonly LoggedUpdate[]>>();
  private readonly timer = new MutableDisposable<Disposable>();

  /** The caller keeps the ownership of `store`. */
  constructor(store: SegmentStore, scheduler: Scheduler) {
    this.store = store;
    this.scheduler = scheduler;
  }

  /** All updates of the segment. Rejects with a {@link LogFailure}; a damaged one is named in it. */
  async read(key: DocumentKey, pointer: SegmentPointer): Promise<readonly LoggedUpdate[]> {
    const name = JSON.stringify([key.tenant, key.room, key.document, pointer.segmentId]);
    const known = this.reads.get(name);
    if (known) return known;
    const read = this.readFresh(key, pointer);
    this.reads.set(name, read);
    for (const [oldest] of this.reads) {
      if (this.reads.size <= MAX_KEPT) break;
      this.reads.delete(oldest);
    }
    this.timer.value ??= this.scheduler.schedule(() => this.clear(), KEPT_MS);
    try {
      return await read;
    } catch (error) {
      if (this.reads.get(name) === read) this.reads.delete(name);
      throw error;
    }
  }

  private async readFresh(key: DocumentKey, pointer: SegmentPointer): Promise<readonly LoggedUpdate[]> {
    const { epoch, fromSeq, toSeq, segmentId } = pointer;
    try {
      return await decodeSegment(await this.store.read(key, segmentId), { key, epoch, fromSeq, toSeq });
    } catch (error) {
      if (!(error instanceof LogFailure) || error.code !== 'corrupted') throw error;
      const { document, room } = key;
      const what = `The updates ${fromSeq} to ${toSeq} of the document ${document} in room ${room} cannot be read from the segment ${segmentId}.`;
      const command = `The command "${repairCommand(key)}" helps.`;
      throw new LogFailure('corrupted', `${what} ${error.message} ${command}`, { cause: error });
    }
  }

  private clear(): void {
    this.timer.value = undefined;
    this.reads.clear();
  }

  dispose(): void {
    this.timer.dispose();
    this.reads.clear();
  }
}

/** What stands for the updates from `fromSeq` through `toSeq` of a segment that a repair has given up. */
export function emptyUpdates({ epoch }: SegmentPointer, fromSeq: number, toSeq: number): LoggedUpdate[] {
  const session = { subject: REPAIR_SUBJECT, sessionId: epoch };
  return Array.from({ length: toSeq - fromSeq + 1 }, (_, index) => {
    const seq = fromSeq + index;
    return { seq, session, clientSeq: seq, name: '', timeMs: 0, payload: EMPTY_UPDATE };
  });
}
