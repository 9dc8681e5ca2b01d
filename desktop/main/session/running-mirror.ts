import type { FileHandle } from 'node:fs/promises';
import { relative } from 'node:path';
import { type Disposable, DisposableStore, systemScheduler } from '../../../shared/lifecycle/index.ts';
import type { RoomSession } from '../../../shared/sync/index.ts';
import type { WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { ProblemReport } from '../../ipc/index.ts';
import type { BlobContents } from '../workspace/blob-contents.ts';
import type { ReplacedBlob } from '../workspace/blob-sync.ts';
import { FolderMirror } from '../workspace/folder-mirror.ts';
import { openDiskFile } from '../workspace/text-file.ts';
import { CancelledError } from './cancelled.ts';
import type { EventOutbox } from './event-outbox.ts';
import type { MirrorAccess } from './mirror-access.ts';
import { RoomFiles } from './room-files.ts';
import type { RoomStorage } from './room-storage.ts';
import { tellTooManyFiles } from './too-many-files.ts';
import type { UnsharedFiles } from './unshared-files.ts';

/** The room that a folder is kept in step with. */
export interface FollowedRoom {
  readonly session: RoomSession;
  readonly index: WorkspaceIndex;
  readonly storage: RoomStorage;
  /** Is told which changes of many files were one act. */
  readonly events: EventOutbox;
  /** Contents of files that are no texts. */
  readonly blobs: BlobContents;
  readonly onReplaced: (replaced: ReplacedBlob) => void;
  readonly onProblem: (problem: ProblemReport) => void;
}

/** Keeps one folder at a time in step with the room. */
export class RunningMirror implements Disposable {
  private readonly room: FollowedRoom;
  private readonly access: MirrorAccess;
  private readonly unshared: UnsharedFiles;
  private readonly disposables = new DisposableStore();
  private roomFiles: RoomFiles | undefined;
  private running: { readonly folder: string; readonly mirror: FolderMirror } | undefined;
  private isCut = false;

  /** `access` and `unshared` stay the caller's. */
  constructor(room: FollowedRoom, access: MirrorAccess, unshared: UnsharedFiles) {
    this.room = room;
    this.access = access;
    this.unshared = unshared;
  }

  /** The folder that is followed; undefined while none is. */
  get folder(): string | undefined {
    return this.running?.folder;
  }

  /** The files of the room, which are followed from the first use on. */
  get files(): RoomFiles {
    const { session, index, storage, events, onProblem } = this.room;
    if (!this.roomFiles) {
      this.roomFiles = new RoomFiles(session, index, (fileId) => storage.bases.has(fileId));
      this.disposables.add(this.roomFiles);
      this.disposables.add(events.follow(this.roomFiles));
      this.disposables.add(tellTooManyFiles(index, onProblem));
    }
    return this.roomFiles;
  }

  pathOnDisk(fileId: string): string | undefined {
    return this.running?.mirror.pathOnDisk(fileId);
  }

  /** Opens what the folder has of a file for reading; undefined when it cannot be read. The caller closes it. */
  async openOnDisk(fileId: string): Promise<FileHandle | undefined> {
    const path = this.pathOnDisk(fileId);
    if (path === undefined || !this.running) return undefined;
    const { folder } = this.running;
    // Somebody else may have the content, or this device once the file can be read again.
    return openDiskFile(path, { root: folder, path: relative(folder, path) }).catch(() => undefined);
  }

  /** Follows a folder; none may be followed already. Rejects with WorkspaceError, and then follows none. */
  async start(folder: string): Promise<void> {
    const { storage, events, blobs, onReplaced } = this.room;
    const mirror = new FolderMirror({
      folder,
      files: this.files,
      bases: storage.bases,
      notes: storage.notes,
      policy: this.access,
      scheduler: systemScheduler,
      onProblem: (problem) => this.unshared.take(problem),
      ledger: events,
      blobs,
      onReplaced,
    });
    this.running = { folder, mirror };
    try {
      await mirror.start();
    } catch (error) {
      this.running = undefined;
      mirror.dispose();
      await mirror.whenUnwatched();
      throw error;
    }
  }

  /** Tries again what could not be done. */
  retry(): void {
    this.running?.mirror.retry();
  }

  /** Lets more of the folder into the room, once everything that was done there before is held. */
  async raise(): Promise<void> {
    while (this.running && this.access.isRaised) {
      // What is missing has to be held as well.
      await this.takeAll();
      this.access.enforce();
    }
  }

  /** Takes everything that the folder has now. */
  async takeAll(): Promise<void> {
    await this.running?.mirror.reconcile();
    await this.running?.mirror.flush();
    this.assertNotCut();
  }

  /** Lets go of the folder when it has everything that it can have. */
  async end(): Promise<void> {
    const mirror = this.running?.mirror;
    if (!mirror) return;
    try {
      await mirror.flush();
    } finally {
      mirror.dispose();
      await mirror.whenIdle();
      await mirror.whenUnwatched();
      this.running = undefined;
      this.unshared.clear();
    }
  }

  /** What is not done by now is left to the next start. */
  cut(): void {
    this.isCut = true;
    this.running?.mirror.halt();
  }

  /** Throws CancelledError once it is cut. */
  assertNotCut(): void {
    if (this.isCut) throw new CancelledError('The room is being closed.');
  }

  /** Ends the use of the room; the folder has been let go. */
  dispose(): void {
    this.disposables.dispose();
  }
}
