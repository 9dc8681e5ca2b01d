import { setImmediate as nextTurn } from 'node:timers/promises';
import { comparablePath, type SharedFile } from '../../../shared/workspace/index.ts';
import type { BaseIndex } from './base-index.ts';
import { isEmptyText } from './blob-sync.ts';
import type { DiskMeans } from './disk-changes.ts';
import { findRespelled } from './disk-spelling.ts';
import type { DiskHashes } from './disk-hashes.ts';
import type { ExecutableBits } from './executable-bits.ts';
import { IgnoreRules } from './ignore-rules.ts';
import type { MirrorPolicy } from './mirror-policy.ts';
import type { MovedTexts } from './moved-texts.ts';
import { locateOnDisk } from './path-kind.ts';
import type { ProblemBoard } from './problem-board.ts';
import { type FoundContent, type GoneFile, matchRenames } from './renamed-files.ts';
import type { NewSharedFile, SharedFiles } from './shared-files.ts';
import { type DiskFile, readDiskFile } from './text-file.ts';
import { gatherFiles, type WalkedFile, walkFolder } from './walk-folder.ts';
import { notKept, toWorkspaceError, WorkspaceError } from './workspace-error.ts';

export interface DiskIntakeOptions {
  readonly means: DiskMeans;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly problems: ProblemBoard;
  readonly policy: MirrorPolicy;
  readonly hashes: DiskHashes;
  readonly bits: ExecutableBits;
  readonly moved: MovedTexts;
  /** Files that could not be taken for the time being: they are to be looked at again. */
  readonly onPutOff: (paths: readonly string[]) => void;
  /** Nothing more is begun. */
  readonly isStopped: () => boolean;
}

type FoundDisk = Exclude<DiskFile, { kind: 'missing' }>;

interface FoundFile extends WalkedFile {
  readonly disk: FoundDisk;
}

/** What is kept of each file while all are looked at. */
interface FoundBrief {
  readonly kind: FoundDisk['kind'];
  /** Of a text. */
  readonly identity: string | undefined;
}

/** One of the room's files that was found under another name. */
interface RenamedFile {
  readonly fileId: string;
  readonly found: FoundBrief;
}

const BATCH_FILES = 50;
const BATCH_BYTES = 8 * 1024 * 1024;

/** Takes files that are new on disk into the room. */
export class DiskIntake {
  private readonly options: DiskIntakeOptions;
  private listing = false;
  private readonly keys = new WeakMap<SharedFile, string>();
  private byKey: { readonly files: readonly SharedFile[]; readonly map: ReadonlyMap<string, SharedFile> } | undefined;

  constructor(options: DiskIntakeOptions) {
    this.options = options;
  }

  /** Files are being listed right now: they have no base yet, and their texts come from the disk. */
  get isListing(): boolean {
    return this.listing;
  }

  /** Which of these files are listed in the room, but not on disk any more. */
  async findGone(fileIds: Iterable<string>): Promise<readonly GoneFile[]> {
    const { files, bases, policy } = this.options;
    const listed = new Set(files.files.map(({ fileId }) => fileId));
    const gone: GoneFile[] = [];
    for (const fileId of fileIds) {
      if (this.options.isStopped()) break;
      const path = bases.pathFor(fileId);
      if (path === undefined || !listed.has(fileId) || !policy.takesRemoval(fileId)) continue;
      if (!(await this.isGone(path))) continue;
      const hash = bases.get(fileId)?.hash ?? '';
      if (hash !== '') gone.push({ fileId, path, hash, isEmpty: isEmptyText(hash) });
    }
    return gone;
  }

  /** Takes all that is new in the folder. Rejects with WorkspaceError when the folder cannot be read. */
  async takeAll(): Promise<void> {
    const { means, bases, problems, isStopped } = this.options;
    const gone = await this.findGone(bases.list().map(({ fileId }) => fileId));
    const onProblem = (error: WorkspaceError) => problems.reportLeftOut(error);
    const rules = new IgnoreRules(means.root);
    const walk = { rootRealPath: means.root, rules, onProblem, removesTempFiles: true };
    const found: WalkedFile[] = [];
    for await (const batch of gatherFiles(walkFolder(walk))) {
      if (isStopped()) return;
      // Which file was renamed to which name shows when all are known.
      if (gone.length > 0) found.push(...batch);
      else await this.take(batch, gone);
    }
    await this.take(found, gone);
  }

  /** Lists files in batches, so that the first can be opened early. One that has the content of a gone file was renamed. */
  async take(found: readonly WalkedFile[], gone: readonly GoneFile[]): Promise<void> {
    let batch: FoundFile[] = [];
    let batchBytes = 0;
    for (const file of await this.withoutRenamed(this.withoutKnown(found), gone)) {
      if (this.options.isStopped()) return;
      if (!this.options.policy.takesFiles) {
        this.options.policy.holdPath(file.path);
        continue;
      }
      const respelledId = await this.findRespelled(file.path);
      if (respelledId !== undefined) {
        this.rename(respelledId, file.path);
        continue;
      }
      const disk = await this.read(file);
      if (!disk) continue;
      if ((await this.isTakenInOtherCase(file)) || this.isTwin(file, batch)) continue;
      batch.push({ ...file, disk });
      batchBytes += disk.kind === 'text' ? disk.sizeBytes : 0;
      if (batch.length < BATCH_FILES && batchBytes < BATCH_BYTES) continue;
      await this.list(batch);
      batch = [];
      batchBytes = 0;
    }
    await this.list(batch);
  }

  /** Renames the room's files that are among those which were found. Resolves to the others. */
  private async withoutRenamed(
    found: readonly WalkedFile[],
    gone: readonly GoneFile[],
  ): Promise<readonly WalkedFile[]> {
    if (gone.length === 0 || found.length === 0 || !this.options.policy.takesFiles) return found;
    const renamed = await this.findRenamed(found, gone);
    const others: WalkedFile[] = [];
    for (const file of found) {
      const known = renamed.get(file.path);
      if (this.options.isStopped()) break;
      if (!known) others.push(file);
      else if (!(await this.isSafe(file, known.found.kind))) continue;
      else if (!(await this.isStillGone(known.fileId))) others.push(file);
      // While the files were read, the room may have listed them.
      else if (this.withoutKnown([file]).length > 0) this.rename(known.fileId, file.path, known.found.identity);
    }
    return others;
  }

  /** By path. */
  private async findRenamed(
    found: readonly WalkedFile[],
    gone: readonly GoneFile[],
  ): Promise<ReadonlyMap<string, RenamedFile>> {
    const contents: FoundContent[] = [];
    const briefs = new Map<string, FoundBrief>();
    for (const file of found) {
      if (this.options.isStopped()) break;
      if ((await this.findRespelled(file.path)) !== undefined) continue;
      const disk = await this.read(file);
      if (!disk) continue;
      briefs.set(file.path, { kind: disk.kind, identity: disk.kind === 'text' ? disk.identity : undefined });
      contents.push({ path: file.path, hash: await this.hashOf({ ...file, disk }) });
    }
    const usedFolders = this.listUsedFolders(gone);
    const ids = matchRenames(gone, contents, (folder) => usedFolders.has(folder));
    const renamed = new Map<string, RenamedFile>();
    for (const [path, fileId] of ids) {
      const brief = briefs.get(path);
      if (brief) renamed.set(path, { fileId, found: brief });
    }
    return renamed;
  }

  /** Folders in which there still are files of the room. */
  private listUsedFolders(gone: readonly GoneFile[]): ReadonlySet<string> {
    const goneIds = new Set(gone.map(({ fileId }) => fileId));
    const folders = new Set(['']);
    for (const { fileId, path } of this.options.bases.list()) {
      if (goneIds.has(fileId)) continue;
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const folder = path.slice(0, end);
        if (folders.has(folder)) break;
        folders.add(folder);
      }
    }
    return folders;
  }

  private findRespelled(path: string): Promise<string | undefined> {
    const { means, bases } = this.options;
    return findRespelled(means.root, path, path, bases);
  }

  /** A link is often left where a file was moved away. */
  private async isGone(path: string): Promise<boolean> {
    const { kind } = await locateOnDisk(this.options.means.root, path);
    return kind === 'missing' || kind === 'link';
  }

  private async isStillGone(fileId: string): Promise<boolean> {
    const path = this.options.bases.pathFor(fileId);
    return path !== undefined && (await this.isGone(path));
  }

  private withoutKnown<T extends { readonly path: string }>(found: readonly T[]): T[] {
    const { files, bases, policy } = this.options;
    return found.filter(
      ({ path }) => bases.ownerOf(path) === undefined && !files.isPathTaken(path) && !policy.isPathHeld(path),
    );
  }

  private rename(fileId: string, path: string, identity?: string): void {
    const { files, bases, moved } = this.options;
    const base = bases.get(fileId);
    if (!base) return;
    // Else the name in the room could be lost and the base kept: the file would be moved back.
    if (!files.canKeep(fileId)) return this.putOff([path]);
    const isRenamedInRoom = files.get(fileId)?.path !== base.path;
    bases.set(fileId, { ...base, path });
    // Among files of one content, any may be the one that goes on as this.
    if (identity !== undefined) moved.belongsTo(fileId, identity);
    // A new name given in the room wins: the file is moved on to there.
    if (!isRenamedInRoom) files.update(fileId, { path });
  }

  /** Where the disk tells case, and others may not. */
  private async isTakenInOtherCase({ path }: WalkedFile): Promise<boolean> {
    const { means, bases } = this.options;
    const other = this.findByComparablePath(comparablePath(path));
    const otherPath = other && bases.pathFor(other.fileId);
    if (!other || otherPath === undefined) return false;
    const { kind } = await locateOnDisk(means.root, otherPath);
    if (kind === 'missing') return false;
    this.tellTwin(path, otherPath);
    return true;
  }

  private findByComparablePath(key: string): SharedFile | undefined {
    const { files } = this.options.files;
    if (this.byKey?.files !== files) {
      this.byKey = { files, map: new Map(files.map((file) => [this.keyOf(file), file])) };
    }
    return this.byKey.map.get(key);
  }

  /** Most files are the same at every look at the list. */
  private keyOf(file: SharedFile): string {
    const key = this.keys.get(file) ?? comparablePath(file.path);
    this.keys.set(file, key);
    return key;
  }

  /** Whether a file that was found with it has the same name but for case. */
  private isTwin({ path }: WalkedFile, batch: readonly FoundFile[]): boolean {
    const key = comparablePath(path);
    const twin = batch.find((other) => comparablePath(other.path) === key);
    if (twin) this.tellTwin(path, twin.path);
    return twin !== undefined;
  }

  private tellTwin(path: string, otherPath: string): void {
    const message = `"${path}" is not shared: its name differs from "${otherPath}" only in case, which not every disk can tell. Rename it to share it.`;
    this.options.problems.reportLeftOut(new WorkspaceError('unusable-name', path, message));
  }

  private async list(found: readonly FoundFile[]): Promise<void> {
    const { files, bases, bits, moved } = this.options;
    const areSafe = await Promise.all(found.map((file) => this.isSafe(file, file.disk.kind)));
    // While the files were read, the room may have listed them.
    const batch = this.withoutKnown(found.filter((_file, position) => areSafe[position]));
    if (batch.length === 0) return;
    this.listing = true;
    try {
      const executables = batch.map(({ absolutePath }) => bits.read(absolutePath));
      const ids = await files.createFiles(batch.map((file, position) => toNewFile(file, executables[position])));
      for (const [position, { path, disk }] of batch.entries()) {
        const fileId = ids[position];
        const known = disk.kind === 'text' ? { hash: disk.hash, text: disk.text } : { hash: '', text: '' };
        if (fileId === undefined) continue;
        bases.set(fileId, { path, ...known, executable: executables[position] });
        if (disk.kind === 'text' && disk.identity !== undefined) moved.belongsTo(fileId, disk.identity);
      }
    } catch (error) {
      if (!(error instanceof WorkspaceError && error.code === 'not-kept')) throw error;
      this.putOff(
        batch.map(({ path }) => path),
        error.cause,
      );
    } finally {
      this.listing = false;
    }
    await nextTurn();
  }

  private putOff(paths: readonly string[], cause?: unknown): void {
    for (const path of paths) this.options.problems.reportLeftOut(notKept(path, cause));
    this.options.onPutOff(paths);
  }

  /**
   * Makes a text safe from a loss of power before the room has it: what is lost on disk afterwards would look like an
   * edit that deletes it. Resolves to false when the disk fails, and leaves the file out.
   */
  private async isSafe({ absolutePath, path }: WalkedFile, kind: FoundDisk['kind']): Promise<boolean> {
    if (kind !== 'text') return true;
    try {
      await this.options.means.durability.syncFile(absolutePath);
      return true;
    } catch (error) {
      this.leaveOut(toWorkspaceError(error, path, 'read'));
      return false;
    }
  }

  /** Empty when it cannot be read any more. */
  private async hashOf({ absolutePath, path, disk }: FoundFile): Promise<string> {
    if (disk.kind === 'text') return disk.hash;
    try {
      return (await this.options.hashes.of(absolutePath, path))?.sha256 ?? '';
    } catch (error) {
      if (error instanceof WorkspaceError) return '';
      throw error;
    }
  }

  private async read({ absolutePath, path }: WalkedFile): Promise<FoundDisk | undefined> {
    try {
      const disk = await readDiskFile(absolutePath, { root: this.options.means.root, path });
      return disk.kind === 'missing' ? undefined : disk;
    } catch (error) {
      this.leaveOut(error instanceof WorkspaceError ? error : new WorkspaceError('io', path, String(error)));
      return undefined;
    }
  }

  /** What the disk fails at may go well the next time, and nothing would tell of that. */
  private leaveOut(reason: WorkspaceError): void {
    const { problems, onPutOff } = this.options;
    problems.reportLeftOut(reason);
    if (['io', 'disk-full'].includes(reason.code)) onPutOff([reason.path]);
  }
}

function toNewFile({ path, disk }: FoundFile, executable: boolean | undefined): NewSharedFile {
  // Of most files it goes without saying.
  const listed = { path, ...(executable ? { executable } : {}) };
  if (disk.kind !== 'text') return { ...listed, kind: disk.kind, eol: 'LF', bom: false, sizeBytes: disk.sizeBytes };
  return { ...listed, kind: 'text', ...disk.format, text: disk.text };
}
