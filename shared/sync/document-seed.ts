import type { SyncCursor } from './offline-store.ts';

/** All that is known of a document, to begin it with. */
export interface DocumentSeed {
  readonly update: Uint8Array;
  readonly cursor: SyncCursor;
}

/** Which of a document's beginnings on this device a copy is of. */
export interface DocumentBeginning {
  readonly session: string;
  /** How often that session had begun it anew. */
  readonly count: number;
}
