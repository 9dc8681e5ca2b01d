import type { Disposable } from '../../../shared/lifecycle/index.ts';

export interface FolderWatchEvents {
  /** Something happened at these paths, relative, `/`-separated and in normal form C; '' is the folder itself. */
  onPaths(paths: readonly string[]): void;
  /** Changes may have been missed, and the watch may have ended: it is to be begun anew, and then everything compared. */
  onOverflow(error: Error): void;
  /** The folder, or a part of it, cannot be followed any more. What comes is told no longer, or not all of it. */
  onFailed(error: unknown): void;
}

export interface FolderWatch extends Disposable {
  /** Resolves after it was disposed, once nothing of it is left in the system. */
  readonly ended: Promise<void>;
}

export type WatchFolder = (root: string, events: FolderWatchEvents) => Promise<FolderWatch>;
