import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { DisposableStore, type Event, systemScheduler } from '../../../shared/lifecycle/index.ts';
import type { DocumentReplica } from '../../../shared/sync/index.ts';
import type { MirrorChoices, MirrorStart, MirrorState, Outcome } from '../../ipc/index.ts';
import { LARGE_BACKUP_BYTES } from '../workspace/folder-backup.ts';
import { checkMirrorFolder } from '../workspace/mirror-folder.ts';
import { SerialQueue } from '../workspace/serial-queue.ts';
import { CancelledError, reportUnlessCancelled } from './cancelled.ts';
import { FolderLocks } from './folder-locks.ts';
import { MirrorAccess } from './mirror-access.ts';
import { choicesUnasked, MirrorMeeting } from './mirror-meeting.ts';
import { MirrorStatus } from './mirror-status.ts';
import type { MirrorSurroundings } from './mirror-surroundings.ts';
import { type FollowedRoom, RunningMirror } from './running-mirror.ts';
import { UnsharedFiles } from './unshared-files.ts';
import { whenComplete } from './when-complete.ts';
import { whenListed } from './when-listed.ts';

export interface RoomMirrorOptions extends FollowedRoom {
  readonly room: string;
  readonly indexReplica: DocumentReplica;
  readonly isOwner: boolean;
  /** The folder that this room was made for. */
  readonly ownFolder: string | undefined;
  readonly surroundings: MirrorSurroundings;
}

const FOLDER_NOTE = 'folder';
const BACKUP_NOTE = 'backup';
const NO_FOLDER = '';

/** How long a room that is closed goes on with what its folder and the room have not told each other yet. */
const FINISH_MS = 2_000;

/** The folder on this device that mirrors a room: chosen, compared, followed and let go while the room is open. */
export class RoomMirror {
  private readonly options: RoomMirrorOptions;
  private readonly disposables = new DisposableStore();
  private readonly queue = new SerialQueue();
  private readonly access: MirrorAccess;
  private readonly locks = this.disposables.add(new FolderLocks());
  private readonly status: MirrorStatus;
  private readonly unshared: UnsharedFiles;
  private readonly running: RunningMirror;
  private meeting: MirrorMeeting | undefined;
  private waiting = new AbortController();
  private isClosed = false;

  readonly onDidChangeState: Event<MirrorState>;

  /** The lock of the storage goes over to the mirror. */
  constructor(options: RoomMirrorOptions) {
    this.options = options;
    const { session, index, indexReplica, storage, isOwner, ownFolder, onProblem } = options;
    const usual = isOwner ? 'both' : 'to-disk';
    this.unshared = new UnsharedFiles(storage.notes, onProblem, () => this.restIfRunning());
    this.access = this.disposables.add(new MirrorAccess(session, indexReplica, storage.notes, usual));
    const { access, unshared } = this;
    this.status = this.disposables.add(new MirrorStatus({ index, access, unshared, onProblem }));
    this.onDidChangeState = this.status.onDidChange;
    this.running = this.disposables.add(new RunningMirror(options, access, unshared));
    this.disposables.add(access.onDidChange(() => this.noticeAccess()));
    this.disposables.add(access.onDidRaise(() => this.noticeRaise()));
    if (ownFolder !== undefined && storage.folderLock) this.locks.adopt(ownFolder, storage.folderLock);
  }

  get state(): MirrorState {
    return this.status.state;
  }

  /** The folder that this room has now, whether it can be read or not. */
  get folder(): string | undefined {
    const { state } = this;
    if (this.running.folder !== undefined) return this.running.folder;
    const noted = this.notedFolder === NO_FOLDER ? undefined : (this.notedFolder ?? this.options.ownFolder);
    return state.kind === 'starting' ? state.folder : noted;
  }

  /** Real paths of the folders that nobody else can take because of this room. */
  get lockedFolders(): readonly string[] {
    return this.locks.folders;
  }

  get lastBackup(): string | undefined {
    return this.options.storage.notes.get('setting', BACKUP_NOTE);
  }

  /** Whether this path of the folder is that of a file that cannot be shared. */
  isUnshared(path: string): boolean {
    return this.unshared.has(path);
  }

  pathOnDisk(fileId: string): string | undefined {
    return this.running.pathOnDisk(fileId);
  }

  /** Opens what the folder has of a file for reading; undefined when it cannot be read. The caller closes it. */
  openOnDisk(fileId: string): Promise<FileHandle | undefined> {
    return this.running.openOnDisk(fileId);
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
        if (folder !== this.running.folder) await this.meet(folder, folder !== this.notedFolder);
      });
      return true;
    });
  }

  /** Asks about what was held on this device. */
  async review(): Promise<Outcome<boolean>> {
    const { folder } = this.running;
    if (folder === undefined) return { ok: false, explanation: 'The room is not mirrored to a folder.' };
    this.cancel();
    return this.attempt(async () => {
      await this.perform(() => this.meet(folder, true));
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
    this.status.resolveQuestion();
    this.rest();
  }

  /** Lets go of the folder, which stays as it is. */
  async stop(): Promise<void> {
    this.cancel();
    await this.perform(async () => {
      await this.running.end();
      this.locks.keepOnly(undefined);
      this.options.storage.notes.set('setting', FOLDER_NOTE, NO_FOLDER);
      this.options.surroundings.rememberFolder(undefined);
      this.status.showNone();
    });
  }

  /** Tries again what could not be done, also to open the folder at all. */
  retry(): void {
    const { state } = this;
    if (this.running.folder !== undefined) this.running.retry();
    else if (state.kind === 'failed') this.open(state.folder);
  }

  /** Resolves when everything that the folder has now was taken, as far as it may go into the room. */
  async takeFolder(): Promise<void> {
    const { folder } = this;
    // Whether one that is not known may be mirrored at all may never be told.
    if (folder === undefined || !(this.running.folder !== undefined || this.isKnown(folder))) return;
    await this.perform(() => this.running.takeAll());
  }

  /** Resolves when the folder has everything that it can have; what takes long is left to the next start. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.status.freeze();
    this.waiting.abort();
    const cutting = systemScheduler.schedule(() => this.running.cut(), FINISH_MS);
    try {
      await this.queue.run(() => this.running.end());
    } finally {
      cutting.dispose();
      this.disposables.dispose();
    }
  }

  private open(folder: string): void {
    this.perform(() => this.meet(folder, false)).catch((error: unknown) => this.status.showFailure(folder, error));
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
    if (folder !== this.running.folder) this.status.show({ kind: 'reading', folder });
    this.locks.take(folder);
    await whenListed(this.options, !this.options.isOwner && !this.isKnown(folder), signal);
    const isKnownFolder = this.isKnown(folder);
    if (!isWanted && (isKnownFolder || this.isFirstTime)) return this.run(folder);
    if (!isKnownFolder) this.access.enforce();
    await this.takeLeft(folder);
    const { files } = this.running;
    await whenComplete(files, this.options.index, signal);
    const { bases } = this.options.storage;
    const meeting = await MirrorMeeting.begin({ folder, files, bases, access: this.access, isKnownFolder });
    if (signal.aborted) throw new CancelledError('The comparison was given up.');
    this.meeting = meeting;
    if (meeting.isQuiet || this.options.surroundings.takesRoomFiles)
      await this.settle(choicesUnasked(folder === this.options.ownFolder));
    else this.ask();
    if (this.meeting && !isWanted) this.status.tellQuestion(meeting.describe());
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
    this.status.show({ kind: 'starting', folder });
    const backup = await this.backUp(meeting);
    const decision = await meeting.decide(choices);
    await this.takeLeft(folder);
    await this.running.end();
    this.running.assertNotCut();
    decision.takeEffect();
    const { notes } = this.options.storage;
    // What was decided is about the folder that is there now.
    for (const path of notes.names('root')) notes.delete('root', path);
    this.meeting = undefined;
    this.status.resolveQuestion();
    await this.run(folder).catch((error: unknown) => {
      this.status.showFailure(folder, error);
      throw error;
    });
    this.status.tellHeld(folder);
    return { kind: 'started', backup };
  }

  private async backUp(meeting: MirrorMeeting): Promise<string | undefined> {
    const { room, index, storage, surroundings } = this.options;
    const backupsFolder = join(surroundings.dataFolder, 'backups');
    const name = index.roomName ?? 'room';
    const backup = await meeting.backUp({ backupsFolder, name, room, nowMs: systemScheduler.now() });
    if (backup === undefined) return undefined;
    storage.notes.set('setting', BACKUP_NOTE, backup);
    this.status.tellBackup(meeting.folder, backup);
    return backup;
  }

  private async run(folder: string): Promise<void> {
    const { storage, surroundings } = this.options;
    this.running.assertNotCut();
    this.locks.take(folder);
    this.locks.keepOnly(folder);
    storage.notes.set('setting', FOLDER_NOTE, folder);
    surroundings.rememberFolder(folder);
    await this.running.start(folder);
    this.status.resolveFailure();
    await this.running.raise();
    this.rest();
    this.noticeAccess();
  }

  private noticeRaise(): void {
    const hasFolder = this.notedFolder !== undefined && this.notedFolder !== NO_FOLDER;
    if (this.running.folder !== undefined) this.perform(() => this.running.raise()).catch(reportUnlessCancelled);
    // In a folder that is known, what was done before has to be found first.
    else if (!hasFolder) this.access.enforce();
  }

  /** Takes what the system has not announced yet of a folder that the room leaves for this one. */
  private async takeLeft(folder: string): Promise<void> {
    if (this.running.folder !== folder) await this.running.takeAll();
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

  private requireMeeting(): MirrorMeeting {
    if (!this.meeting) throw new CancelledError('The folder is not asked about any more. Choose it again.');
    return this.meeting;
  }

  private ask(): void {
    const preview = this.requireMeeting().describe();
    this.status.show({ kind: 'asking', preview, isReview: this.running.folder === preview.folder });
  }

  private noticeAccess(): void {
    this.status.updateHeld(this.running.folder);
    this.restIfRunning();
  }

  /** What is asked or begun goes on as it is. */
  private restIfRunning(): void {
    if (this.state.kind === 'running') this.rest();
  }

  /** Says how things are while nothing is asked or begun. */
  private rest(): void {
    const { folder } = this.running;
    this.locks.keepOnly(folder ?? this.folder);
    this.status.showRest(folder, this.lastBackup);
  }
}
