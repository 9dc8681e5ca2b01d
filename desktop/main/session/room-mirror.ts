import type { FileHandle } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { DisposableStore, Emitter, systemScheduler } from '../../../shared/lifecycle/index.ts';
import type { DocumentReplica, RoomSession } from '../../../shared/sync/index.ts';
import type { WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { MirrorChoices, MirrorStart, MirrorState, Outcome, ProblemReport } from '../../ipc/index.ts';
import type { BlobContents } from '../workspace/blob-contents.ts';
import type { ReplacedBlob } from '../workspace/blob-sync.ts';
import { LARGE_BACKUP_BYTES } from '../workspace/folder-backup.ts';
import { FolderMirror } from '../workspace/folder-mirror.ts';
import { checkMirrorFolder } from '../workspace/mirror-folder.ts';
import { explainFailure } from '../workspace/problem-board.ts';
import { SerialQueue } from '../workspace/serial-queue.ts';
import { openDiskFile } from '../workspace/text-file.ts';
import { CancelledError, reportUnlessCancelled } from './cancelled.ts';
import type { EventOutbox } from './event-outbox.ts';
import { FolderLocks } from './folder-locks.ts';
import { MirrorAccess } from './mirror-access.ts';
import { choicesUnasked, MirrorMeeting } from './mirror-meeting.ts';
import type { MirrorSurroundings } from './mirror-surroundings.ts';
import { describeBackup, describeHeld, describeQuestion, HELD_PROBLEM, QUESTION_PROBLEM } from './mirror-problems.ts';
import { RoomFiles } from './room-files.ts';
import { whenComplete } from './when-complete.ts';
import { whenListed } from './when-listed.ts';
import type { RoomStorage } from './room-storage.ts';
import { ToldProblems } from './told-problems.ts';
import { tellTooManyFiles } from './too-many-files.ts';
import { UnsharedFiles } from './unshared-files.ts';

export interface RoomMirrorOptions {
  readonly room: string;
  readonly session: RoomSession;
  readonly index: WorkspaceIndex;
  readonly indexReplica: DocumentReplica;
  readonly storage: RoomStorage;
  /** Is told which changes of many files were one act. */
  readonly events: EventOutbox;
  /** Contents of files that are no texts. */
  readonly blobs: BlobContents;
  readonly onReplaced: (replaced: ReplacedBlob) => void;
  readonly isOwner: boolean;
  /** The folder that this room was made for. */
  readonly ownFolder: string | undefined;
  readonly surroundings: MirrorSurroundings;
  readonly onProblem: (problem: ProblemReport) => void;
}

/** As the folder mirror names it, too. */
const FOLDER_PROBLEM = 'folder';
const FOLDER_NOTE = 'folder';
const BACKUP_NOTE = 'backup';
const NO_FOLDER = '';

/** How long a room that is closed goes on with what its folder and the room have not told each other yet. */
const FINISH_MS = 2_000;

/** The folder on this device that mirrors a room: chosen, compared, followed and let go while the room is open. */
export class RoomMirror {
  private readonly options: RoomMirrorOptions;
  private readonly disposables = new DisposableStore();
  private readonly stateChanged = this.disposables.add(new Emitter<MirrorState>());
  private readonly queue = new SerialQueue();
  private readonly access: MirrorAccess;
  private readonly locks = this.disposables.add(new FolderLocks());
  private readonly problems: ToldProblems;
  private readonly unshared: UnsharedFiles;
  private current: MirrorState = { kind: 'none' };
  private roomFiles: RoomFiles | undefined;
  private running: { readonly folder: string; readonly mirror: FolderMirror } | undefined;
  private meeting: MirrorMeeting | undefined;
  private waiting = new AbortController();
  private isClosed = false;
  /** It is closed, and what is not done by now is left to the next start. */
  private isCut = false;

  readonly onDidChangeState = this.stateChanged.event;

  /** The lock of the storage goes over to the mirror. */
  constructor(options: RoomMirrorOptions) {
    this.options = options;
    const { session, indexReplica, storage, isOwner, ownFolder, onProblem } = options;
    const usual = isOwner ? 'both' : 'to-disk';
    this.problems = new ToldProblems(onProblem);
    this.unshared = new UnsharedFiles(storage.notes, onProblem, () => {
      if (this.current.kind === 'running') this.rest();
    });
    this.access = this.disposables.add(new MirrorAccess(session, indexReplica, storage.notes, usual));
    this.disposables.add(this.access.onDidChange(() => this.noticeAccess()));
    this.disposables.add(this.access.onDidRaise(() => this.noticeRaise()));
    if (ownFolder !== undefined && storage.folderLock) this.locks.adopt(ownFolder, storage.folderLock);
  }

  get state(): MirrorState {
    return this.current;
  }

  /** The folder that this room has now, whether it can be read or not. */
  get folder(): string | undefined {
    if (this.running) return this.running.folder;
    const noted = this.notedFolder === NO_FOLDER ? undefined : (this.notedFolder ?? this.options.ownFolder);
    return this.current.kind === 'starting' ? this.current.folder : noted;
  }

  get lastBackup(): string | undefined {
    return this.options.storage.notes.get('setting', BACKUP_NOTE);
  }

  /** Whether this path of the folder is that of a file that cannot be shared. */
  isUnshared(path: string): boolean {
    return this.unshared.has(path);
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

  /** Goes on with the folder that the room had last, if any; asks first where its files are not known. */
  resume(): void {
    const folder = this.options.ownFolder ?? this.notedFolder;
    if (folder !== undefined && folder !== NO_FOLDER) this.open(folder);
  }

  /** Compares the room with a folder and mirrors to it; asks first where that has files of its own. */
  async choose(given: string, options: { readonly isMade?: boolean } = {}): Promise<Outcome<boolean>> {
    const { dataFolder, takenFolders } = this.options.surroundings;
    this.cancel();
    return this.attempt(async () => {
      const folder = await checkMirrorFolder(given, { dataFolder, taken: takenFolders(), ...options });
      await this.perform(async () => {
        if (folder !== this.running?.folder) await this.meet(folder, folder !== this.notedFolder);
      });
      return true;
    });
  }

  /** Asks about what was held on this device. */
  async review(): Promise<Outcome<boolean>> {
    const { running } = this;
    if (!running) return { ok: false, explanation: 'The room is not mirrored to a folder.' };
    this.cancel();
    return this.attempt(async () => {
      await this.perform(() => this.meet(running.folder, true));
      return true;
    });
  }

  readDifference(path: string): Promise<Outcome<{ readonly room: string; readonly folder: string }>> {
    return this.attempt(async () => this.requireMeeting().readDifference(path));
  }

  /** Answers what a folder with files of its own asks. */
  start(choices: MirrorChoices): Promise<Outcome<MirrorStart>> {
    return this.attempt(() => this.perform(() => this.settle(choices)));
  }

  /** Gives the comparison up; what is mirrored goes on. */
  cancel(): void {
    this.waiting.abort();
    this.waiting = new AbortController();
    this.meeting = undefined;
    this.problems.resolve(QUESTION_PROBLEM);
    this.rest();
  }

  /** Lets go of the folder, which stays as it is. */
  async stop(): Promise<void> {
    this.cancel();
    await this.perform(async () => {
      await this.end();
      this.locks.keepOnly(undefined);
      this.options.storage.notes.set('setting', FOLDER_NOTE, NO_FOLDER);
      this.options.surroundings.rememberFolder(undefined);
      this.problems.resolve(FOLDER_PROBLEM);
      this.problems.resolve(HELD_PROBLEM);
      this.show({ kind: 'none' });
    });
  }

  /** Tries again what could not be done, also to open the folder at all. */
  retry(): void {
    if (this.running) this.running.mirror.retry();
    else if (this.current.kind === 'failed') this.open(this.current.folder);
  }

  /** Resolves when everything that the folder has now was taken, as far as it may go into the room. */
  async takeFolder(): Promise<void> {
    const { folder } = this;
    // Whether one that is not known may be mirrored at all may never be told.
    if (folder === undefined || !(this.running || this.isKnown(folder))) return;
    await this.perform(() => this.takeAll());
  }

  /** Resolves when the folder has everything that it can have; what takes long is left to the next start. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.waiting.abort();
    const cutting = systemScheduler.schedule(() => this.cut(), FINISH_MS);
    try {
      await this.queue.run(() => this.end());
    } finally {
      cutting.dispose();
      this.roomFiles?.dispose();
      this.disposables.dispose();
    }
  }

  private open(folder: string): void {
    this.perform(() => this.meet(folder, false)).catch((error: unknown) => this.fail(folder, error));
  }

  private perform<T>(task: () => Promise<T>): Promise<T> {
    return this.queue.run(async () => {
      if (this.isClosed) throw new CancelledError('The room is being closed.');
      return task();
    });
  }

  private async attempt<T>(task: () => Promise<T>): Promise<Outcome<T>> {
    try {
      return { ok: true, value: await task() };
    } catch (error) {
      if (this.meeting) this.ask();
      else this.rest();
      return { ok: false, explanation: error instanceof Error ? error.message : String(error) };
    }
  }

  /** `isWanted`: the person has just asked for it. */
  private async meet(folder: string, isWanted: boolean): Promise<void> {
    const { signal } = this.waiting;
    if (folder !== this.running?.folder) this.show({ kind: 'reading', folder });
    this.locks.take(folder);
    await whenListed(this.options, !this.options.isOwner && !this.isKnown(folder), signal);
    const isKnownFolder = this.isKnown(folder);
    if (!isWanted && (isKnownFolder || this.isFirstTime)) return this.run(folder);
    if (!isKnownFolder) this.access.enforce();
    await this.takeLeft(folder);
    const files = this.openFiles();
    await whenComplete(files, this.options.index, signal);
    const { bases } = this.options.storage;
    const meeting = await MirrorMeeting.begin({ folder, files, bases, access: this.access, isKnownFolder });
    if (signal.aborted) throw new CancelledError('The comparison was given up.');
    this.meeting = meeting;
    if (meeting.isQuiet || this.options.surroundings.takesRoomFiles)
      await this.settle(choicesUnasked(folder === this.options.ownFolder));
    else this.ask();
    if (this.meeting && !isWanted) this.problems.tell(describeQuestion(meeting.describe()));
  }

  private async settle(choices: MirrorChoices): Promise<MirrorStart> {
    const meeting = this.requireMeeting();
    const { folder } = meeting;
    await this.takeLeft(folder);
    const hasChanged = !(await meeting.stillHolds());
    if (hasChanged && !this.options.surroundings.takesRoomFiles) {
      this.ask();
      return { kind: 'changed' };
    }
    const sizeBytes = meeting.backupBytes;
    if (sizeBytes > LARGE_BACKUP_BYTES && !choices.allowsLargeBackup) return { kind: 'large-backup', sizeBytes };
    this.show({ kind: 'starting', folder });
    const backup = await this.backUp(meeting);
    const decision = await meeting.decide(choices);
    await this.takeLeft(folder);
    await this.end();
    this.assertNotCut();
    decision.takeEffect();
    this.meeting = undefined;
    this.problems.resolve(QUESTION_PROBLEM);
    await this.run(folder).catch((error: unknown) => {
      this.fail(folder, error);
      throw error;
    });
    this.tellHeld(folder);
    return { kind: 'started', backup };
  }

  private async backUp(meeting: MirrorMeeting): Promise<string | undefined> {
    const { room, index, storage, surroundings } = this.options;
    const backupsFolder = join(surroundings.dataFolder, 'backups');
    const name = index.roomName ?? 'room';
    const backup = await meeting.backUp({ backupsFolder, name, room, nowMs: systemScheduler.now() });
    if (backup === undefined) return undefined;
    storage.notes.set('setting', BACKUP_NOTE, backup);
    this.problems.tell(describeBackup(meeting.folder, backup));
    return backup;
  }

  private cut(): void {
    this.isCut = true;
    this.running?.mirror.halt();
  }

  private assertNotCut(): void {
    if (this.isCut) throw new CancelledError('The room is being closed.');
  }

  private async run(folder: string): Promise<void> {
    const { storage, surroundings } = this.options;
    this.assertNotCut();
    this.locks.take(folder);
    this.locks.keepOnly(folder);
    storage.notes.set('setting', FOLDER_NOTE, folder);
    surroundings.rememberFolder(folder);
    const { bases, notes } = storage;
    const files = this.openFiles();
    const mirror = new FolderMirror({
      folder,
      files,
      bases,
      notes,
      policy: this.access,
      scheduler: systemScheduler,
      onProblem: (problem) => this.unshared.take(problem),
      ledger: this.options.events,
      blobs: this.options.blobs,
      onReplaced: this.options.onReplaced,
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
    this.problems.resolve(FOLDER_PROBLEM);
    await this.raise();
    this.rest();
    this.noticeAccess();
  }

  /** Lets more of the folder into the room, once everything that was done there before is held. */
  private async raise(): Promise<void> {
    while (this.running && this.access.isRaised) {
      // What is missing has to be held as well.
      await this.takeAll();
      this.access.enforce();
    }
  }

  private noticeRaise(): void {
    const hasFolder = this.notedFolder !== undefined && this.notedFolder !== NO_FOLDER;
    if (this.running) this.perform(() => this.raise()).catch(reportUnlessCancelled);
    // In a folder that is known, what was done before has to be found first.
    else if (!hasFolder) this.access.enforce();
  }

  private async takeAll(): Promise<void> {
    await this.running?.mirror.reconcile();
    await this.running?.mirror.flush();
    this.assertNotCut();
  }

  /** Takes what the system has not announced yet of a folder that the room leaves for this one. */
  private async takeLeft(folder: string): Promise<void> {
    if (this.running?.folder !== folder) await this.takeAll();
  }

  private async end(): Promise<void> {
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

  private get notedFolder(): string | undefined {
    return this.options.storage.notes.get('setting', FOLDER_NOTE);
  }

  /** Whether the bases are those of this folder. */
  private isKnown(folder: string): boolean {
    const { bases } = this.options.storage;
    return this.notedFolder === undefined ? bases.list().length > 0 : this.notedFolder === folder;
  }

  /** The room is made from the folder. */
  private get isFirstTime(): boolean {
    const { isOwner, index } = this.options;
    return isOwner && this.notedFolder === undefined && index.files.length === 0;
  }

  private openFiles(): RoomFiles {
    const { session, index, storage, events } = this.options;
    if (!this.roomFiles) {
      this.roomFiles = new RoomFiles(session, index, (fileId) => storage.bases.has(fileId));
      this.disposables.add(events.follow(this.roomFiles));
      this.disposables.add(tellTooManyFiles(index, this.options.onProblem));
    }
    return this.roomFiles;
  }

  private requireMeeting(): MirrorMeeting {
    if (!this.meeting) throw new CancelledError('The folder is not asked about any more. Choose it again.');
    return this.meeting;
  }

  private fail(folder: string, error: unknown): void {
    if (error instanceof CancelledError) return;
    const failure = explainFailure(error);
    this.problems.tell({ id: FOLDER_PROBLEM, severity: 'error', ...failure, canRetry: true });
    this.show({ kind: 'failed', folder, explanation: failure.detail });
  }

  private ask(): void {
    const preview = this.requireMeeting().describe();
    this.show({ kind: 'asking', preview, isReview: this.running?.folder === preview.folder });
  }

  private noticeAccess(): void {
    const { direction, heldCount, isHeldByChoice } = this.access;
    // What was chosen is told at once, and not again at every start.
    const isTold = heldCount > 0 && !(isHeldByChoice && direction === 'both');
    if (this.running && isTold) this.tellHeld(this.running.folder);
    else this.problems.resolve(HELD_PROBLEM);
    // What is asked or begun goes on as it is.
    if (this.current.kind === 'running') this.rest();
  }

  private tellHeld(folder: string): void {
    const { direction, heldCount, isHeldByChoice } = this.access;
    if (heldCount > 0) this.problems.tell(describeHeld({ folder, direction, heldCount, isHeldByChoice }));
  }

  /** Says how things are while nothing is asked or begun. */
  private rest(): void {
    const { direction, heldCount, isHeldByChoice } = this.access;
    this.locks.keepOnly(this.running?.folder ?? this.folder);
    if (this.running) {
      const { folder } = this.running;
      const heldPaths = this.access.listHeld(this.options.index.files);
      const { list: unshared, count: unsharedCount } = this.unshared;
      const held = { heldCount, heldPaths, isHeldByChoice, unshared, unsharedCount };
      this.show({ kind: 'running', folder, direction, ...held, backup: this.lastBackup });
    } else if (this.current.kind !== 'failed') {
      this.show({ kind: 'none' });
    }
  }

  private show(state: MirrorState): void {
    if (this.isClosed) return;
    this.current = state;
    this.stateChanged.fire(state);
  }
}
