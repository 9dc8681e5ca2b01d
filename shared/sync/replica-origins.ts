import * as Y from 'yjs';
import type { ChangeSource } from './away/away-tracker.ts';

const REMOTE_ORIGIN = Symbol('from the relay');
const STORED_ORIGIN = Symbol('from the store');

/** Puts updates into a document that are no edits of this device, and tells changes of it apart by where they come from. */
export class ReplicaOrigins {
  private readonly doc: Y.Doc;
  private readonly storeOrigin: unknown;

  /** `storeOrigin` is that of changes which the document's store makes itself, if it makes any. */
  constructor(doc: Y.Doc, storeOrigin: unknown) {
    this.doc = doc;
    this.storeOrigin = storeOrigin ?? STORED_ORIGIN;
  }

  sourceOf(origin: unknown): ChangeSource {
    if (origin === REMOTE_ORIGIN) return 'remote';
    return origin === STORED_ORIGIN || origin === this.storeOrigin ? 'stored' : 'local';
  }

  /** What is known to be in the store already. Throws when it is damaged. */
  applyInitial(update: Uint8Array): void {
    Y.applyUpdate(this.doc, update, STORED_ORIGIN);
  }

  /** Gives how many of the updates are damaged: they are left out. */
  applyStored(updates: readonly Uint8Array[]): number {
    let skipped = 0;
    this.doc.transact(() => {
      for (const update of updates) {
        try {
          Y.applyUpdate(this.doc, update, STORED_ORIGIN);
        } catch {
          skipped++;
        }
      }
    }, STORED_ORIGIN);
    return skipped;
  }

  /** Throws when one is damaged; part of them may be in the document then. */
  applyRemote(updates: readonly Uint8Array[]): void {
    this.doc.transact(() => {
      for (const update of updates) Y.applyUpdate(this.doc, update, REMOTE_ORIGIN);
    }, REMOTE_ORIGIN);
  }
}
