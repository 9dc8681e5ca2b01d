import type * as Y from 'yjs';
import type { Scheduler } from '../lifecycle/index.ts';
import type { AwayFollower, FollowedDocument } from './away/away-follower.ts';
import type { SaveState } from './connection-state.ts';
import type { AckedSpan } from './document-channel.ts';
import type { DocumentStore } from './offline-store.ts';
import type { SessionProblem } from './session-problem.ts';

export interface DocumentReplicaOptions {
  readonly name: string;
  readonly openStore: (doc: Y.Doc) => DocumentStore;
  /** What is stored, when that is known before the store is free. */
  readonly initial?: Uint8Array | undefined;
  /** The store is free: nobody else has the document open. */
  readonly whenStoreFree: Promise<void>;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly isPresent: (presenceId: number) => boolean;
  /** Whether the list of files, as far as it is known here, has the document. */
  readonly isListed: () => boolean;
  /** Whether this device has made the file, so that nobody else can have put anything in it that is not here. */
  readonly isOwn?: () => boolean;
  /** Is told of every edit of this device that the relay may not have, with its number, once the document has it. */
  readonly onOwnEdit?: (update: Uint8Array, edit: number) => void;
  /** Where what this device has changed in the file's entry in the list is; undefined when nothing of that is unacked. */
  readonly entryState?: () => SaveState | undefined;
  readonly onProblem: (problem: SessionProblem) => void;
  /** The relay has taken edits of this device; all those below `firstUnacked` by now. */
  readonly onAcked?: (span: AckedSpan, firstUnacked: number) => void;
  /** Begins to note what becomes of the document while this device is away. */
  readonly follow?: (followed: FollowedDocument) => AwayFollower | undefined;
}
