/** Names a document on this relay. */
export interface DocumentKey {
  readonly tenant: string;
  readonly room: string;
  readonly document: string;
}

/** One engine start of one person. With a document and a clientSeq it names an update for good. */
export interface SessionKey {
  readonly subject: string;
  readonly sessionId: string;
}

export interface NewUpdate {
  readonly session: SessionKey;
  readonly clientSeq: number;
  /** Name of the person, as the token had it. */
  readonly name: string;
  readonly timeMs: number;
  readonly payload: Uint8Array;
}

export interface DocumentAppend {
  readonly key: DocumentKey;
  /** The epoch of a document that has none. */
  readonly epochWhenNew: string;
  /** In the order in which they get their numbers. */
  readonly updates: readonly NewUpdate[];
}

export interface DocumentAppended {
  readonly epoch: string;
  readonly headSeq: number;
  /** One for each update; one that was in the log before keeps the number that it had. */
  readonly seqs: readonly number[];
}

/** Where the newest snapshot of a document is; it stands for all updates through `seq`. */
export interface SnapshotPointer {
  readonly seq: number;
  /** Id in the snapshot store. */
  readonly snapshotId: string;
  /** Size of the update that it holds. */
  readonly byteLength: number;
}

export interface DocumentHead {
  readonly epoch: string;
  /** Number of the last committed update. */
  readonly headSeq: number;
}

export interface DocumentRecord extends DocumentHead {
  readonly snapshot: SnapshotPointer | undefined;
}

export interface LoggedUpdate {
  readonly seq: number;
  readonly session: SessionKey;
  readonly clientSeq: number;
  readonly name: string;
  readonly timeMs: number;
  readonly payload: Uint8Array;
}

export interface ReadRange {
  readonly afterSeq: number;
  readonly throughSeq: number;
  /** Stops after the row that reaches this size; at least one row is returned when there is one. */
  readonly maxBytes: number;
  /** Nobody waits for it: it may take longer, so that reading much holds up nothing else. */
  readonly isPatient?: boolean;
}

/** The append-only log of all documents. Every method rejects with a {@link LogFailure}. */
export interface UpdateLog {
  /** How many appends may be under way at once. No two of them may have a document in common. */
  readonly maxConcurrentAppends: number;
  /**
   * Appends to several documents at once, all or nothing. Durable when it resolves. After a failure with the code `busy`
   * the updates may be in the log all the same; appending them again gives them the numbers that they have.
   */
  append(batch: readonly DocumentAppend[]): Promise<readonly DocumentAppended[]>;
  /** Undefined while the document has no epoch: nothing was written to it, and nobody has settled one. */
  readDocument(key: DocumentKey): Promise<DocumentRecord | undefined>;
  /** Where many documents stand, in the order of `keys`; undefined for those that {@link UpdateLog.readDocument} does not know. */
  readHeads(keys: readonly DocumentKey[]): Promise<readonly (DocumentHead | undefined)[]>;
  /** The next updates by their number, without gaps; fewer than asked for do not mean that there are no more. */
  readUpdates(key: DocumentKey, range: ReadRange): Promise<readonly LoggedUpdate[]>;
  /** The highest clientSeq that the document has of a session, and the number it was committed under. */
  readLastOfSession(
    key: DocumentKey,
    session: SessionKey,
  ): Promise<{ readonly clientSeq: number; readonly seq: number } | undefined>;
  /**
   * Gives where the document stands. One that has no epoch is in `epoch` from now on, whoever writes to it first: all
   * who ask at once get the same answer. It is durable.
   */
  settleEpoch(key: DocumentKey, epoch: string): Promise<DocumentHead>;
  /** Begins the epoch `to` when the document is in `from`. Gives the epoch that it is in now; `to` when it is new. */
  replaceEpoch(key: DocumentKey, from: string, to: string): Promise<string>;
  /**
   * Points to a newer snapshot when the pointer is still `replacedId`; undefined when there was none. Gives false, and
   * does nothing, when another process has moved it meanwhile or the snapshot is not newer.
   */
  setSnapshot(key: DocumentKey, snapshot: SnapshotPointer, replacedId: string | undefined): Promise<boolean>;
}
