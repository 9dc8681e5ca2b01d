import type { Disposable, Scheduler } from '../../../shared/lifecycle/index.ts';
import type { MirrorBaseStore, MirrorProblem, SharedFiles } from './shared-files.ts';

export interface FolderMirrorOptions {
  /** Absolute path of the opened folder. */
  readonly folder: string;
  /** Stays the caller's. */
  readonly files: SharedFiles;
  readonly bases: MirrorBaseStore;
  readonly scheduler: Scheduler;
  readonly onProblem: (problem: MirrorProblem) => void;
  /** Follows changes on disk by itself; on unless false. */
  readonly isWatching?: boolean;
}

/** Keeps the opened folder and the room's files in step. */
export class FolderMirror implements Disposable {
  constructor(options: FolderMirrorOptions) {
    void options;
  }

  /** Reconciles folder and room, then follows both. Rejects with WorkspaceError when the folder cannot be opened. */
  async start(): Promise<void> {}

  /** Compares the whole folder with the room once more, for changes that the system did not announce. */
  async reconcile(): Promise<void> {}

  /** Where a file is on this device; undefined when it is not in the folder (yet). */
  pathOnDisk(_fileId: string): string | undefined {
    return undefined;
  }

  /** Tries again what failed. */
  retry(): void {}

  /** Resolves when everything that can be written is on disk. */
  async flush(): Promise<void> {}

  /** Stops following. What was not written yet is caught up by the next mirror on the same bases. */
  dispose(): void {}
}
