import { comparablePath, type SharedFile } from '../../../shared/workspace/index.ts';
import { Arrival } from './arrival.ts';
import { BlockedFiles } from './blocked-files.ts';
import { BlobSync, type BlobSyncOptions, isBlobBase } from './blob-sync.ts';
import { isThere } from './disk-changes.ts';
import { DiskEdits } from './disk-edits.ts';
import type { DiskRest } from './disk-rest.ts';
import type { UnsharedBit } from './executable-bits.ts';
import { FileMoves, type UnsafeMove } from './file-moves.ts';
import { isSameFormat } from './format-changes.ts';
import { HeldEdits } from './held-edits.ts';
import { LateSaves } from './late-saves.ts';
import type { MergeThread } from './merge-thread.ts';
import { MissingFiles } from './missing-files.ts';
import { NestedNames } from './nested-names.ts';
import { neverRests, noLongerText, notHere, reservedName } from './out-of-step.ts';
import { isOwnFile } from './own-files.ts';
import { isLinked, resolveInside } from './path-guard.ts';
import { RemovedFiles } from './removed-files.ts';
import type { ReplacedFiles } from './replaced-files.ts';
import type { SetAsides } from './set-asides.ts';
import type { MirrorBase } from './shared-files.ts';
import type { SubMounts } from './sub-mounts.ts';
import { type DiskFile, hashOnDisk, MAX_SHARED_TEXT_BYTES, MAX_TEXT_BYTES, readDiskFile } from './text-file.ts';
import { TextWrites } from './text-writes.ts';
import { UnlikeTexts } from './unlike-texts.ts';
import { notKept, toWorkspaceError, WorkspaceError } from './workspace-error.ts';

export interface FileSyncOptions extends BlobSyncOptions {
  readonly nowMs: () => number;
  /** Throws WorkspaceError when the folder itself is not there, so that nothing in it counts as deleted. */
  readonly assertFolder: () => Promise<void>;
  readonly mounts: SubMounts;
  readonly merges: MergeThread;
  readonly setAsides: SetAsides;
  readonly rest: DiskRest;
  readonly replaced: ReplacedFiles;
  /** A file other than the one that is looked at is missing on disk: it is to be looked at again, once that is sure. */
  readonly onGone: (fileId: string) => void;
  /** Files that waited for another may be tried again. */
  readonly onReady: (fileIds: readonly string[]) => void;
}

/**
 * `gone`: the file is missing on disk, and the caller did not know for sure; nothing was done. `waits`: its path is that
 * of another of which this is so, or goes on changing in the room; see `onReady`. `alone`: the caller had others brought in
 * step at the same time, and this cannot be one of them.
 */
export type SyncOutcome = 'done' | 'gone' | 'waits' | 'alone';

export interface SyncManner {
  /** What is missing is deleted, and not just being replaced or renamed. */
  readonly isGoneForSure: boolean;
  /** No other file is being brought in step, so that files may be moved. */
  readonly isAlone: boolean;
}

interface Visit extends SyncManner {
  readonly fileId: string;
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
  private readonly late: LateSaves;
  private readonly blocked: BlockedFiles;
  private readonly removed: RemovedFiles;
  private readonly writes: TextWrites;
  private readonly missing: MissingFiles;
  private readonly nested: NestedNames;
  private readonly unlike: UnlikeTexts;
  private readonly blobs: BlobSync;
  /** Files that wait for the path of another, by that one. */
  private readonly waitingFor = new Map<string, Set<string>>();
  /** Paths at which files are brought in step that are not alone. */
  private readonly busy = new Set<string>();

  constructor(options: FileSyncOptions) {
    this.options = options;
    this.moves = new FileMoves(options.means, options.bases, options.nowMs);
    this.arrival = new Arrival({ ...options, moves: this.moves });
    this.diskEdits = new DiskEdits(options);
    this.blocked = new BlockedFiles(options);
    this.nested = new NestedNames(options);
    this.unlike = new UnlikeTexts(options);
    this.late = new LateSaves({ ...options, edits: this.diskEdits });
    this.held = new HeldEdits({ ...options, arrival: this.arrival });
    this.blobs = new BlobSync(options, this.arrival);
    const readOwn = (absolutePath: string, path: string) => this.readOwn(absolutePath, path);
    this.removed = new RemovedFiles({ ...options, blobs: this.blobs, readOwn });
    this.writes = new TextWrites(options);
    const { blocked, writes } = this;
    this.missing = new MissingFiles({ ...options, blocked, writes, look: (at, file) => this.look(at, file) });
  }

  /** Throws WorkspaceError when disk or path do not allow it; nothing is lost then, and it may be tried again. */
  async sync(fileId: string, manner: SyncManner): Promise<SyncOutcome> {
    const outcome = await this.visit({ fileId, ...manner, waiting: NOBODY });
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

  /**
   * Takes what other programs wrote to files that were replaced under them. `isLast`: nobody looks any more afterwards.
   * Rejects with WorkspaceError.
   */
  takeLate(isLast: boolean): Promise<void> {
    return this.late.take(isLast);
  }

  /** Gives the room which files became executable on disk, or ceased to be so. Returns those that it could not be given. */
  shareBits(): readonly UnsharedBit[] {
    return this.options.bits.share();
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
    const { fileId } = visit;
    let isRenamed = false;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const before = this.listed(fileId)?.path;
      const outcome = await this.attempt(visit).catch((error: unknown) => this.recover(fileId, error));
      if (outcome !== 'again') return outcome;
      isRenamed ||= this.listed(fileId)?.path !== before;
    }
    if (isRenamed) {
      // Others have their turn meanwhile.
      this.options.onReady([fileId]);
      return 'waits';
    }
    const path = this.listed(fileId)?.path ?? '';
    throw new WorkspaceError(
      'io',
      path,
      `"${path}" keeps changing on disk while it is being written. Retry when it rests.`,
    );
  }

  private async attempt(visit: Visit): Promise<SyncOutcome | 'again'> {
    const { fileId } = visit;
    await this.options.assertFolder();
    const file = this.listed(fileId);
    if (!file) return this.removed.sync(fileId);
    if (isOwnFile(nameOf(file.path))) throw reservedName(file);
    if (visit.isAlone) return this.syncListed(file, visit);
    // While the room renames files, two may have had one path.
    const key = comparablePath(file.path);
    if (this.busy.has(key)) return 'alone';
    this.busy.add(key);
    try {
      return await this.syncListed(file, visit);
    } finally {
      this.busy.delete(key);
    }
  }

  private async syncListed(file: SharedFile, visit: Visit): Promise<SyncOutcome | 'again'> {
    const { files, bases, means, assertFolder } = this.options;
    const { fileId } = file;
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
    if (this.listed(fileId)?.path !== file.path || (base && base.path !== file.path)) return 'again';
    if (disk.kind === 'missing' && base && !visit.isGoneForSure) return 'gone';
    const outcome = await this.syncContent(file, base, disk, absolutePath);
    return outcome === 'done' ? this.options.bits.sync(fileId, absolutePath) : outcome;
  }

  private async syncContent(
    file: SharedFile,
    base: MirrorBase | undefined,
    disk: DiskFile,
    absolutePath: string,
  ): Promise<SyncOutcome | 'again'> {
    if (file.kind !== 'text') {
      const isRestored = disk.kind === 'missing' && base && file.blob !== undefined && file.blob !== base.hash;
      if (isRestored && (await this.blocked.moveAway(file))) return 'again';
      return this.blobs.sync(file, disk, absolutePath);
    }
    // An empty text that is only not here yet would empty the file.
    if (base && base.text !== '' && !this.options.files.isTextHere(file.fileId)) throw notHere(file);
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
      return base ? this.missing.sync(file, base, absolutePath) : this.writes.write(file, absolutePath, undefined);
    if (disk.kind === 'text') return base ? this.merge(file, base, disk, absolutePath) : this.meet(file, disk);
    if (!base) return this.makeWay(file);
    // A text with a NUL looks like none once it is written.
    if (!base.text.includes('\0')) {
      // Half of a character is no text either.
      if (!this.options.rest.mayTake(file.fileId, base.text, disk)) return 'waits';
      const outcome = await this.blobs.replaceText(file, base, disk.kind, absolutePath);
      if (outcome !== false) return outcome;
      if (await this.unlike.moveBeside(file, base, absolutePath)) return 'again';
    }
    if (!base.text.includes('\0') || hashOnDisk(absolutePath) !== base.hash) throw noLongerText(file, disk.kind);
    return this.options.files.readText(file.fileId) === base.text
      ? 'done'
      : this.writes.write(file, absolutePath, base);
  }

  /** What was no text has become one in the room. */
  private async replaceBlob(file: SharedFile, base: MirrorBase, absolutePath: string): Promise<SyncOutcome | 'again'> {
    const { bases } = this.options;
    const replaced = await this.blobs.clearForText(file, base, absolutePath);
    if (!replaced) {
      bases.delete(file.fileId);
      return 'again';
    }
    return this.writes.write(file, absolutePath, { hash: replaced.sha256 });
  }

  private async makeWay(file: SharedFile): Promise<'again'> {
    await this.arrival.setAside(file);
    return 'again';
  }

  private async recover(fileId: string, error: unknown): Promise<'again' | 'waits'> {
    const file = this.listed(fileId);
    if (!file || !(error instanceof WorkspaceError) || error.code !== 'name-taken')
      return this.forgetLinked(fileId, error);
    const renamedId = await this.nested.settle(file);
    if (renamedId === undefined) throw error;
    this.options.onReady([renamedId, fileId]);
    return 'waits';
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

  private arrive(file: SharedFile, { fileId, waiting, ...manner }: Visit): ReturnType<Arrival['arrive']> {
    const inner = new Set([...waiting, fileId]);
    const visit = async (ownerId: string) => {
      const outcome = await this.visit({ fileId: ownerId, isAlone: true, isGoneForSure: false, waiting: inner });
      if (outcome === 'done') return 'done';
      if (outcome === 'gone') this.options.onGone(ownerId);
      this.waitingFor.set(ownerId, new Set([...(this.waitingFor.get(ownerId) ?? []), fileId]));
      return 'waits';
    };
    return this.arrival.arrive({ file, waiting, visit, ...manner });
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
    const { bases, files, moved, policy, rest } = this.options;
    const { fileId } = file;
    moved.see(fileId, disk, base.hash);
    if (disk.hash === base.hash) policy.releaseFile(fileId);
    else if (!policy.takesEdits(fileId)) return this.held.keep(file, base, disk);
    if (disk.hash !== base.hash) {
      const isOwn = bases.savingOf(fileId)?.hash === disk.hash;
      if (!isOwn && !rest.mayTake(fileId, base.text, disk)) return this.awaitRest(file);
      // Else a loss of power may bring back what was there before, which would look like an edit that undoes this one.
      await this.makeSafe(absolutePath, file.path);
      const taken = await this.diskEdits.take(file, disk);
      if (taken === 'again') return 'again';
      if (taken === 'done') moved.shared(fileId, disk.hash);
    }
    const current = this.listed(fileId);
    // Where it lies is known only as the path that it had.
    if (current?.path !== file.path) return 'again';
    if (files.readText(fileId) !== disk.text || !isSameFormat(disk, current)) {
      if (!rest.mayReplace(fileId)) return this.awaitRest(file);
      if (moved.has(fileId, disk.hash)) return this.meetMoved(file);
      if ((await this.writes.write(current, absolutePath, disk)) === 'again') return 'again';
    }
    rest.settle(fileId);
    return 'done';
  }

  private awaitRest({ fileId, path }: SharedFile): 'waits' {
    if (this.options.rest.isOverdue(fileId)) throw neverRests(path);
    return 'waits';
  }

  /** A text that has come from another name meets the room's as a stranger. */
  private meetMoved({ fileId }: SharedFile): 'again' {
    this.options.bases.delete(fileId);
    this.options.moved.forget(fileId);
    return 'again';
  }

  private async makeSafe(absolutePath: string, path: string): Promise<void> {
    try {
      await this.options.means.durability.syncFile(absolutePath);
    } catch (error) {
      throw toWorkspaceError(error, path, 'read');
    }
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
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
