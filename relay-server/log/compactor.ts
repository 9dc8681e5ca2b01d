import type { Disposable } from '../../shared/lifecycle/index.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import type { DocumentKey, UpdateLog } from './update-log.ts';

export interface CompactionOptions {
  /** A snapshot is made when so many updates, or bytes of them, came after the last one. */
  readonly afterUpdates: number;
  readonly afterBytes: number;
  /** Makes one snapshot of a document's parts, in order. Rejects soon, and ends its work, when `signal` aborts. */
  readonly createSnapshot: (parts: readonly Uint8Array[], signal: AbortSignal) => Promise<Uint8Array>;
}

interface CompactorServices {
  readonly log: UpdateLog;
  readonly snapshots: SnapshotStore;
  readonly reportProblem: (error: unknown) => void;
}

interface Growth {
  readonly key: DocumentKey;
  updates: number;
  bytes: number;
}

const PAGE_BYTES = 4 * 1024 * 1024;

/**
 * Makes snapshots of documents that have grown, one document at a time. The log keeps all of its rows. A snapshot that
 * was replaced stays until the next one is made, for those who are reading it. Disposing ends one that is being made.
 */
export class Compactor implements Disposable {
  private readonly services: CompactorServices;
  private readonly options: CompactionOptions;
  private readonly growth = new Map<string, Growth>();
  private running: Promise<void> = Promise.resolve();
  private readonly disposal = new AbortController();

  constructor(services: CompactorServices, options: CompactionOptions) {
    this.services = services;
    this.options = options;
  }

  private get isDisposed(): boolean {
    return this.disposal.signal.aborted;
  }

  noteGrowth(key: DocumentKey, updates: number, bytes: number): void {
    const name = JSON.stringify([key.tenant, key.room, key.document]);
    const growth = this.growth.get(name) ?? { key, updates: 0, bytes: 0 };
    growth.updates += updates;
    growth.bytes += bytes;
    this.growth.set(name, growth);
    if (growth.updates < this.options.afterUpdates && growth.bytes < this.options.afterBytes) return;
    this.growth.delete(name);
    this.running = this.running.then(() => this.compactReported(key));
  }

  /** Resolves when nothing is being compacted. */
  async settled(): Promise<void> {
    await this.running;
  }

  private async compactReported(key: DocumentKey): Promise<void> {
    if (this.isDisposed) return;
    try {
      await this.compact(key);
    } catch (error) {
      // The document is tried again when it has grown once more; until then it is read from its log.
      if (!this.isDisposed) this.services.reportProblem(error);
    }
  }

  private async compact(key: DocumentKey): Promise<void> {
    const { log, snapshots } = this.services;
    const record = await log.readDocument(key);
    if (!record) return;
    const previous = record.snapshot;
    const parts = previous ? [await snapshots.read(key, previous.snapshotId)] : [];
    let reachedSeq = previous?.seq ?? 0;
    while (reachedSeq < record.headSeq) {
      const page = await log.readUpdates(key, {
        afterSeq: reachedSeq,
        throughSeq: record.headSeq,
        maxBytes: PAGE_BYTES,
      });
      const last = page.at(-1);
      if (!last) break;
      for (const { payload } of page) parts.push(payload);
      reachedSeq = last.seq;
    }
    if (reachedSeq === (previous?.seq ?? 0)) return;
    if (this.isDisposed) return;
    const bytes = await this.options.createSnapshot(parts, this.disposal.signal);
    if (this.isDisposed) return;
    const snapshotId = await snapshots.write(key, reachedSeq, bytes);
    if (this.isDisposed) return;
    await log.setSnapshot(key, { seq: reachedSeq, snapshotId, byteLength: bytes.byteLength });
    await this.removeOutdated(key, previous?.seq ?? 0);
  }

  /** Removes what is older than `keptSeq`, also what earlier runs left, and never what the pointer names. */
  private async removeOutdated(key: DocumentKey, keptSeq: number): Promise<void> {
    const { log, snapshots } = this.services;
    // Read anew: another process may have moved the pointer, even to the very snapshot that was made here.
    const pointer = (await log.readDocument(key))?.snapshot;
    if (!pointer) return;
    for (const { snapshotId, seq } of await snapshots.list(key)) {
      if (seq < Math.min(keptSeq, pointer.seq) && snapshotId !== pointer.snapshotId) {
        await snapshots.remove(key, snapshotId);
      }
    }
  }

  dispose(): void {
    this.disposal.abort();
    this.growth.clear();
  }
}
