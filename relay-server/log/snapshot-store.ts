import type { DocumentKey } from './update-log.ts';

export interface StoredSnapshot {
  readonly snapshotId: string;
  /** As it was given to `write`. */
  readonly seq: number;
  /** When it was written last, by the clock of the store. */
  readonly storedAtMs: number;
}

/** Keeps the bytes of snapshots. Every method rejects with a `LogFailure`. */
export interface SnapshotStore {
  /** Durable when it resolves. Returns the id under which it is read; the same bytes for the same seq have the same one. */
  write(key: DocumentKey, seq: number, bytes: Uint8Array): Promise<string>;
  /** Verifies what it read; damaged or missing bytes are a `LogFailure` with `corrupted`. */
  read(key: DocumentKey, snapshotId: string): Promise<Uint8Array>;
  /** Every stored snapshot of the document, in any order. */
  list(key: DocumentKey): Promise<readonly StoredSnapshot[]>;
  /** Removing one that is not there does nothing. */
  remove(key: DocumentKey, snapshotId: string): Promise<void>;
}
