import type { SharedFile } from '../../../shared/workspace/index.ts';
import { Arrival } from './arrival.ts';
import { BlobSync, type BlobSyncOptions, isBlobBase } from './blob-sync.ts';
import { isThere, removeFile, writeBytes } from './disk-changes.ts';
import { DiskEdits } from './disk-edits.ts';
import { FileMoves, type UnsafeMove } from './file-moves.ts';
import { encodeOver, isSameFormat, type Replaced } from './format-changes.ts';
import { HeldEdits } from './held-edits.ts';
import type { MergeThread } from './merge-thread.ts';
import { noLongerText, notHere, notListed, reservedName } from './out-of-step.ts';
import { isOwnFile } from './own-files.ts';
import { isLinked, resolveInside } from './path-guard.ts';
import type { SetAsides } from './set-asides.ts';
import type { MirrorBase } from './shared-files.ts';
import type { SubMounts } from './sub-mounts.ts';
import { type DiskFile, hashOnDisk, MAX_SHARED_TEXT_BYTES, MAX_TEXT_BYTES, readDiskFile } from './text-file.ts';
import { hashBytes } from './text-format.ts';
import { notKept, toWorkspaceError, WorkspaceError } from './workspace-error.ts';

export interface FileSyncOptions extends BlobSyncOptions {
  readonly nowMs: () => number;
  /** Throws WorkspaceError when the folder itself is not there, so that nothing in it counts as deleted. */
  readonly assertFolder: () => Promise<void>;
  readonly mounts: SubMounts;
  readonly merges: MergeThread;
  readonly setAsides: SetAsides;
  /** A file other than the one that is looked at is missing on disk: it is to be looked at again, once that is sure. */
  readonly onGone: (fileId: string) => void;
  /** Files that waited for another may be tried again. */
  readonly onReady: (fileIds: readonly string[]) => void;
}

/**
 * `gone`: the file is missing on disk, and the caller did not know for sure; nothing was done. `waits`: its path is that
 * of another of which this is so; see `onReady`.
 */
export type SyncOutcome = 'done' | 'gone' | 'waits';

interface Visit {
  readonly fileId: string;
  /** What is missing is deleted, and not just being replaced or renamed. */
  readonly isGoneForSure: boolean;
  /** Files that wait for this one to leave their path. */
  readonly waiting: ReadonlySet<string>;
}

type DiskTextFile = Extract<DiskFile, { kind: 'text' }>;

const MAX_ATTEMPTS = 5;
const NOBODY: ReadonlySet<string> = new Set();

/** Brings one file of the folder and of the room together, from whatever state the two are in. */
export class FileSync {
  private readonly options: FileSyncOptions;
  private readonly moves: FileMoves;
  private readonly arrival: Arrival;
  private readonly held: HeldEdits;
  private readonly diskEdits: DiskEdits;
  private readonly blobs: BlobSync;
  /** Files that wait for the path of another, by that one. */
  private readonly waitingFor = new Map<string, Set<string>>();

  constructor(options: FileSyncOptions) {
    this.options = options;
    this.moves = new FileMoves(options.means, options.bases, options.nowMs);
    this.arrival = new Arrival({ ...options, moves: this.moves });
    this.diskEdits = new DiskEdits(options);
    this.held = new HeldEdits({ ...options, arrival: this.arrival });
    this.blobs = new BlobSync(options, this.arrival);
  }

  /** Throws WorkspaceError when disk or path do not allow it; nothing is lost then, and it may be tried again. */
  async sync(fileId: string, isGoneForSure: boolean): Promise<SyncOutcome> {
    const outcome = await this.visit({ fileId, isGoneForSure, waiting: NOBODY });
    const waiting = outcome === 'done' ? this.waitingFor.get(fileId) : undefined;
    if (waiting) this.options.onReady([...waiting]);
    if (waiting) this.waitingFor.delete(fileId);
    return outcome;
  }

  /** Files that waited for a content of which something may be different now. */
  takeWaiting(blob: string): readonly string[] {
    return this.blobs.takeWaiting(blob);
  }

  /** Resolves, when all files that were moved are safe from a loss of power, to those that could not be made so. */
  whenSafe(): Promise<readonly UnsafeMove[]> {
    return this.moves.whenSafe();
  }

  private async visit(visit: Visit): Promise<SyncOutcome> {
    const { fileId } = visit;
    try {
      const outcome = await this.tryOften(visit);
      if (outcome === 'done') this.options.setAsides.tell(fileId, 'arrived');
      return outcome;
    } catch (error) {
      this.options.setAsides.tell(fileId, 'waiting');
      throw error;
    }
  }

  private async tryOften(visit: Visit): Promise<SyncOutcome> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const outcome = await this.attempt(visit).catch((error: unknown) => this.forgetLinked(visit.fileId, error));
      if (outcome !== 'again') return outcome;
    }
    const path = this.listed(visit.fileId)?.path ?? '';
    throw new WorkspaceError(
      'io',
      path,
      `"${path}" keeps changing on disk while it is being written. Retry when it rests.`,
    );
  }

  private async attempt(visit: Visit): Promise<SyncOutcome | 'again'> {
    const { files, bases, means, assertFolder } = this.options;
    const { fileId } = visit;
    await assertFolder();
    const file = this.listed(fileId);
    if (!file) return this.syncRemoved(fileId);
    if (isOwnFile(nameOf(file.path))) throw reservedName(file);
    const arrived = bases.pathFor(fileId) === file.path ? 'here' : await this.arrive(file, visit);
    if (arrived !== 'here') return arrived;
    const absolutePath = await resolveInside(means.root, file.path);
    if (file.kind === 'text') await files.whenTextReady(fileId);
    const disk = await this.look(absolutePath, file);
    if (disk.kind === 'missing') {
      await assertFolder();
      await this.options.mounts.assert(file.path);
      if (isThere(absolutePath)) return 'again';
    }
    // While the disk was read, the room may have gone on.
    const base = bases.get(fileId);
    if (this.listed(fileId)?.path !== file.path) return 'again';
    if (disk.kind === 'missing' && base && !visit.isGoneForSure) return 'gone';
    if (file.kind !== 'text') return this.blobs.sync(file, disk, absolutePath);
    // An empty text that is only not here yet would empty the file.
    if (base && base.text !== '' && !files.isTextHere(fileId)) throw notHere(file);
    if (base && isBlobBase(base)) return this.replaceBlob(file, base, absolutePath);
    // Of a content that was not shared nothing is agreed on.
    return this.syncText(file, base?.hash === '' ? undefined : base, disk, absolutePath);
  }

  private async syncText(
    file: SharedFile,
    base: MirrorBase | undefined,
    disk: DiskFile,
    absolutePath: string,
  ): Promise<SyncOutcome | 'again'> {
    if (disk.kind === 'missing')
      return base ? this.syncMissing(file, base, absolutePath) : this.write(file, absolutePath, undefined);
    if (disk.kind === 'text') return base ? this.merge(file, base, disk, absolutePath) : this.meet(file, disk);
    if (!base) return this.makeWay(file);
    // A text with a NUL looks like none once it is written.
    if (!base.text.includes('\0')) {
      const outcome = await this.blobs.replaceText(file, base, disk.kind, absolutePath);
      if (outcome !== false) return outcome;
    }
    if (!base.text.includes('\0') || hashOnDisk(absolutePath) !== base.hash) throw noLongerText(file, disk.kind);
    return this.options.files.readText(file.fileId) === base.text ? 'done' : this.write(file, absolutePath, base);
  }

  /** What was no text has become one in the room. */
  private async replaceBlob(file: SharedFile, base: MirrorBase, absolutePath: string): Promise<SyncOutcome | 'again'> {
    const { bases } = this.options;
    const replaced = await this.blobs.clearForText(file, base, absolutePath);
    if (!replaced) {
      bases.delete(file.fileId);
      return 'again';
    }
    return this.write(file, absolutePath, { hash: replaced.sha256 });
  }

  private async makeWay(file: SharedFile): Promise<'again'> {
    await this.arrival.setAside(file);
    return 'again';
  }

  /** A file in whose place there is a link counts as deleted neither now nor when the link goes. */
  private async forgetLinked(fileId: string, error: unknown): Promise<'again'> {
    const { bases, means } = this.options;
    const path = bases.pathFor(fileId);
    if (path === undefined || !(error instanceof WorkspaceError) || error.code !== 'link-in-the-way') throw error;
    if (!(await isLinked(means.root, path))) throw error;
    bases.delete(fileId);
    return 'again';
  }

  private arrive(file: SharedFile, { fileId, waiting, isGoneForSure }: Visit): ReturnType<Arrival['arrive']> {
    const inner = new Set([...waiting, fileId]);
    const visit = async (ownerId: string) => {
      const outcome = await this.visit({ fileId: ownerId, isGoneForSure: false, waiting: inner });
      if (outcome === 'done') return 'done';
      if (outcome === 'gone') this.options.onGone(ownerId);
      this.waitingFor.set(ownerId, new Set([...(this.waitingFor.get(ownerId) ?? []), fileId]));
      return 'waits';
    };
    return this.arrival.arrive({ file, waiting, visit, isGoneForSure });
  }

  private read(absolutePath: string, path: string, maxBytes = MAX_SHARED_TEXT_BYTES): Promise<DiskFile> {
    return readDiskFile(absolutePath, { root: this.options.means.root, path, maxBytes });
  }

  private look(absolutePath: string, { fileId, path, kind }: SharedFile): Promise<DiskFile> {
    const maxBytes = kind === 'text' ? MAX_SHARED_TEXT_BYTES : MAX_TEXT_BYTES;
    if (this.options.bases.pathFor(fileId) === path) return this.readOwn(absolutePath, path, maxBytes);
    return this.read(absolutePath, path, maxBytes);
  }

  /** Reads where a file was last: a folder in its place is how a deleted file looks, too. */
  private async readOwn(absolutePath: string, path: string, maxBytes?: number): Promise<DiskFile> {
    try {
      return await this.read(absolutePath, path, maxBytes);
    } catch (error) {
      if (error instanceof WorkspaceError && error.code === 'name-taken') return { kind: 'missing' };
      throw error;
    }
  }

  private listed(fileId: string): SharedFile | undefined {
    return this.options.files.get(fileId);
  }

  private async merge(
    file: SharedFile,
    base: MirrorBase,
    disk: DiskTextFile,
    absolutePath: string,
  ): Promise<SyncOutcome | 'again'> {
    const { files, policy } = this.options;
    if (disk.hash === base.hash) policy.releaseFile(file.fileId);
    else if (!policy.takesEdits(file.fileId)) return this.held.keep(file, base, disk);
    if (disk.hash !== base.hash) {
      // Else a loss of power may bring back what was there before, which would look like an edit that undoes this one.
      await this.makeSafe(absolutePath, file.path);
      if ((await this.diskEdits.take(file, disk)) === 'again') return 'again';
    }
    const current = this.listed(file.fileId) ?? file;
    if (files.readText(file.fileId) === disk.text && isSameFormat(disk, current)) return 'done';
    return this.write(current, absolutePath, disk);
  }

  private async makeSafe(absolutePath: string, path: string): Promise<void> {
    try {
      await this.options.means.durability.syncFile(absolutePath);
    } catch (error) {
      throw toWorkspaceError(error, path, 'read');
    }
  }

  private async write(
    file: SharedFile,
    absolutePath: string,
    replaced: Replaced | undefined,
  ): Promise<SyncOutcome | 'again'> {
    const { files, bases, means, policy } = this.options;
    const { fileId, path } = file;
    policy.releaseFile(fileId);
    await files.whenKept(fileId);
    if (bases.pathFor(fileId) !== path) await bases.whenFree(path);
    if (!files.canKeep(fileId)) throw notKept(path);
    const text = files.readText(fileId);
    const bytes = encodeOver(text, file, replaced);
    const hash = hashBytes(bytes);
    if (hash === replaced?.hash) {
      // Not every text can be read from disk as it was written.
      bases.set(fileId, { path, hash, text });
      return 'done';
    }
    await bases.beginSave(fileId, { path, hash, text });
    if (!(await writeBytes({ absolutePath, path, bytes, replaces: replaced?.hash }, means))) return 'again';
    bases.set(fileId, { path, hash, text });
    return 'done';
  }

  // The same path was made on both sides, each without knowing of the other.
  private async meet(file: SharedFile, disk: DiskTextFile): Promise<SyncOutcome | 'again'> {
    const { files, bases } = this.options;
    if (files.readText(file.fileId) === disk.text) {
      if (!files.canKeep(file.fileId)) throw notKept(file.path);
      bases.set(file.fileId, { path: file.path, hash: disk.hash, text: disk.text });
      return 'done';
    }
    await this.arrival.setAside(file);
    return 'again';
  }

  private async syncMissing(file: SharedFile, base: MirrorBase, absolutePath: string): Promise<SyncOutcome | 'again'> {
    const { files, bases, problems, policy } = this.options;
    if (files.readText(file.fileId) === base.text && !policy.takesRemoval(file.fileId)) {
      policy.holdFile(file.fileId);
      return 'done';
    }
    if (files.readText(file.fileId) === base.text) {
      await this.makeSafe(absolutePath, file.path);
      if (!(await this.isStillMissing(file)) || files.readText(file.fileId) !== base.text) return 'again';
      bases.delete(file.fileId);
      files.remove([file.fileId]);
      return 'done';
    }
    const outcome = await this.write(file, absolutePath, undefined);
    if (outcome !== 'done') return outcome;
    problems.tell({
      id: `restored:${file.fileId}`,
      severity: 'warning',
      path: file.path,
      fileId: file.fileId,
      title: `${file.path} was deleted on disk while it was being edited.`,
      detail: 'It was written again with the edits. Delete it in Tutti if it should go.',
    });
    return outcome;
  }

  /** Other programs delete and make anew what they save, and drives are taken out, at any time. */
  private async isStillMissing(file: SharedFile): Promise<boolean> {
    const { assertFolder, means } = this.options;
    const absolutePath = await resolveInside(means.root, file.path);
    const disk = await this.look(absolutePath, file);
    await assertFolder();
    return disk.kind === 'missing' && !isThere(absolutePath) && this.listed(file.fileId)?.path === file.path;
  }

  /**
   * Nobody has removed it: the list that this device kept lacks it, such as one that could not be written to any more
   * before the process ended. What is on disk may be nowhere else.
   */
  private leaveUnlisted(fileId: string, { path }: MirrorBase): SyncOutcome {
    const { files, bases, problems, policy, onLeft } = this.options;
    if (!files.isListComplete) throw notListed(path);
    problems.resolveFile(fileId);
    bases.delete(fileId);
    policy.releaseFile(fileId);
    onLeft(path);
    return 'done';
  }

  private async syncRemoved(fileId: string): Promise<SyncOutcome | 'again'> {
    const { bases, problems, means, onLeft, policy } = this.options;
    const base = bases.get(fileId);
    if (base && !this.options.files.wasListed(fileId)) return this.leaveUnlisted(fileId, base);
    problems.resolveFile(fileId);
    if (!base) return 'done';
    const { path } = base;
    const absolutePath = await resolveInside(means.root, path);
    const disk = await this.readOwn(absolutePath, path);
    const saving = bases.savingOf(fileId);
    let isShared = disk.kind === 'text' && [base.hash, saving?.hash].includes(disk.hash);
    if (disk.kind === 'text') {
      if (isShared && !(await removeFile({ absolutePath, path, hash: disk.hash }, means))) return 'again';
    } else if (disk.kind !== 'missing') {
      const removed = await this.blobs.removeAgreed(base, saving, absolutePath);
      if (removed === 'again') return 'again';
      isShared = removed;
    }
    bases.delete(fileId);
    const isHeld = policy.isFileHeld(fileId) || !policy.takesFiles;
    policy.releaseFile(fileId);
    if (isShared || disk.kind === 'missing') return 'done';
    if (isHeld) policy.holdPath(path);
    const hasText = base.hash !== '';
    problems.tell({
      id: `kept:${fileId}`,
      severity: hasText ? 'warning' : 'info',
      path,
      title: hasText ? `${path} was deleted in the room, but changed on disk.` : `${path} was deleted in the room.`,
      detail: explainKept(path, hasText, isHeld),
    });
    if (hasText) onLeft(path);
    return 'done';
  }
}

function explainKept(path: string, hasText: boolean, isHeld: boolean): string {
  if (!hasText) {
    return 'Its content was never in the room, so the file is kept on this device. Delete it on disk if it should go.';
  }
  if (isHeld) return 'The file on disk is kept for this device alone.';
  if (isOwnFile(nameOf(path))) return 'The file on disk is kept for this device alone. Rename it to share it again.';
  return 'The file on disk is kept, and shared again.';
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
