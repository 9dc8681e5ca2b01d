import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.ts';
import type { DocumentKey } from './update-log.ts';

const MAX_BYTES = 32 * 1024 * 1024;
/** A document that is opened is read for the first one at once and for others soon. */
const KEPT_MS = 5_000;

/** A store in front of another one, which is asked once for what is read several times within moments. */
export class RecentSnapshots implements SnapshotStore, Disposable {
  private readonly store: SnapshotStore;
  private readonly scheduler: Scheduler;
  /** By the document and the id, the latest first read last. */
  private readonly reads = new Map<string, { readonly bytes: Promise<Uint8Array>; byteLength: number }>();
  private readonly timer = new MutableDisposable<Disposable>();
  private byteLength = 0;

  /** The caller keeps the ownership of `store`. */
  constructor(store: SnapshotStore, scheduler: Scheduler) {
    this.store = store;
    this.scheduler = scheduler;
  }

  write(key: DocumentKey, seq: number, bytes: Uint8Array): Promise<string> {
    return this.store.write(key, seq, bytes);
  }

  async read(key: DocumentKey, snapshotId: string): Promise<Uint8Array> {
    const name = nameOf(key, snapshotId);
    const known = this.reads.get(name);
    if (known) return known.bytes;
    const read = { bytes: this.store.read(key, snapshotId), byteLength: 0 };
    this.reads.set(name, read);
    this.timer.value ??= this.scheduler.schedule(() => this.clear(), KEPT_MS);
    try {
      const bytes = await read.bytes;
      if (this.reads.get(name) === read) this.count(read, bytes.byteLength);
      return bytes;
    } catch (error) {
      if (this.reads.get(name) === read) this.reads.delete(name);
      throw error;
    }
  }

  list(key: DocumentKey): Promise<readonly StoredSnapshot[]> {
    return this.store.list(key);
  }

  async remove(key: DocumentKey, snapshotId: string): Promise<void> {
    const name = nameOf(key, snapshotId);
    this.byteLength -= this.reads.get(name)?.byteLength ?? 0;
    this.reads.delete(name);
    await this.store.remove(key, snapshotId);
  }

  private count(read: { byteLength: number }, byteLength: number): void {
    read.byteLength = byteLength;
    this.byteLength += byteLength;
    for (const [name, oldest] of this.reads) {
      if (this.byteLength <= MAX_BYTES) break;
      this.byteLength -= oldest.byteLength;
      this.reads.delete(name);
    }
  }

  private clear(): void {
    this.timer.value = undefined;
    this.reads.clear();
    this.byteLength = 0;
  }

  dispose(): void {
    this.timer.dispose();
    this.reads.clear();
  }
}

function nameOf({ tenant, room, document }: DocumentKey, snapshotId: string): string {
  return JSON.stringify([tenant, room, document, snapshotId]);
}
