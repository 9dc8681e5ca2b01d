import type * as Y from 'yjs';
import { type Disposable, MutableDisposable, type Scheduler } from '../../lifecycle/index.ts';
import { CopyDigest, type CopyHashes } from '../copy-digest.ts';

const REST_MS = 1_000;

/** Reports what a document is whenever it has been at rest for a second. */
export class CopyReport implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly report: (hashes: CopyHashes) => void;
  private readonly timer = new MutableDisposable<Disposable>();
  private changes = 0;

  constructor(scheduler: Scheduler, report: (hashes: CopyHashes) => void) {
    this.scheduler = scheduler;
    this.report = report;
  }

  /** `doc` has changed just now. */
  changed(doc: Y.Doc): void {
    this.changes++;
    if (!this.timer.value) this.awaitRest(doc);
  }

  /** `doc` is void. */
  forget(): void {
    this.timer.value = undefined;
  }

  /** One timer serves a whole burst of edits. */
  private awaitRest(doc: Y.Doc): void {
    const { changes } = this;
    this.timer.value = this.scheduler.schedule(() => {
      if (changes === this.changes) this.hash(doc, new CopyDigest(doc), changes);
      else this.awaitRest(doc);
    }, REST_MS);
  }

  private hash(doc: Y.Doc, digest: CopyDigest, changes: number): void {
    if (changes !== this.changes) return this.awaitRest(doc);
    const hashes = digest.step();
    this.timer.value = hashes ? undefined : this.scheduler.schedule(() => this.hash(doc, digest, changes), 0);
    if (hashes) this.report(hashes);
  }

  dispose(): void {
    this.timer.dispose();
  }
}
