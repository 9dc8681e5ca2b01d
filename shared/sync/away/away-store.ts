/**
 * `draft`: a document that is being followed since this device lost touch. `change`: one that is to be told about, and
 * `texts`: what it was, with what was taken back of it. `note`: facts about the room.
 */
export type AwayKind = 'draft' | 'change' | 'texts' | 'note';

export interface AwayRow {
  /** The document, or the name of a note. */
  readonly name: string;
  /** Short. */
  readonly summary: string;
  /** As long as the texts that it is about. */
  readonly body: string;
}

/** Keeps what happened while a device was away. Calls take effect in the order in which they are made. */
export interface AwayStore {
  /** Without the bodies. */
  list(kind: AwayKind): Promise<readonly Omit<AwayRow, 'body'>[]>;
  read(kind: AwayKind, name: string): Promise<AwayRow | undefined>;
  /** Replaces the row of that name. Resolves when it is durable. */
  write(kind: AwayKind, row: AwayRow): Promise<void>;
  remove(kind: AwayKind, name: string): Promise<void>;
}
