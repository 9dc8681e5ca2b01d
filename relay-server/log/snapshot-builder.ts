import * as Y from 'yjs';
import { encodeSnapshot } from './snapshot-format.ts';

/** Makes a document's snapshot of its updates, which come in pages. */
export class SnapshotBuilder {
  private readonly doc = new Y.Doc();
  private added = 0;

  /** How many updates were added; the one that could not be is the next. */
  get partCount(): number {
    return this.added;
  }

  /** Throws when an update cannot be applied; nothing can be added or finished then. */
  add(parts: Iterable<Uint8Array>): void {
    this.doc.transact(() => {
      for (const part of parts) {
        Y.applyUpdate(this.doc, part);
        this.added++;
      }
    });
  }

  /** The snapshot in its stored form. */
  finish(): Uint8Array {
    return encodeSnapshot(Y.encodeStateAsUpdate(this.doc), Y.encodeStateVector(this.doc));
  }
}
