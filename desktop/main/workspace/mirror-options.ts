import type { Scheduler } from '../../../shared/lifecycle/index.ts';
import type { BlobContents } from './blob-contents.ts';
import type { ReplacedBlob } from './blob-sync.ts';
import type { BulkLedger } from './bulk-recognition.ts';
import type { WatchFolder } from './folder-watch.ts';
import type { MirrorNotes } from './mirror-notes.ts';
import type { MirrorPolicy } from './mirror-policy.ts';
import type { MirrorBaseStore, MirrorProblem, SharedFiles } from './shared-files.ts';
import type { DiskWrites } from './text-file.ts';

export interface FolderMirrorOptions {
  /** Real path of the opened folder. */
  readonly folder: string;
  /** Stays the caller's. */
  readonly files: SharedFiles;
  /** Nobody else may write to it while the mirror runs. */
  readonly bases: MirrorBaseStore;
  readonly scheduler: Scheduler;
  readonly onProblem: (problem: MirrorProblem) => void;
  /** Follows changes on disk by itself; on unless false. */
  readonly isWatching?: boolean;
  /** How the folder is followed; the system's way unless a test sets another. */
  readonly watch?: WatchFolder;
  /** How many files are read or written at a time, where their order does not matter. */
  readonly concurrentSyncs?: number;
  /** How files are replaced; the system's way unless a test sets another. */
  readonly writes?: DiskWrites;
  /** Which changes on disk go into the room; all unless given. */
  readonly policy?: MirrorPolicy;
  /** Kept with the bases; in memory unless given. */
  readonly notes?: MirrorNotes;
  /** Is told which changes of many files were one act; nobody is unless given. */
  readonly ledger?: BulkLedger;
  /** Contents of files that are no texts; they stay where they are unless given. */
  readonly blobs?: BlobContents;
  readonly onReplaced?: (replaced: ReplacedBlob) => void;
}
