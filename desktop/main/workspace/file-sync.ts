import { diskEdits, rebaseEdits, type SharedFile } from '../../../shared/workspace/index.ts';
import { Arrival } from './arrival.ts';
import type { BaseIndex } from './base-index.ts';
import { type DiskMeans, isThere, removeFile, writeBytes } from './disk-changes.ts';
import { FileMoves, type UnsafeMove } from './file-moves.ts';
import { encodeOverMixed } from './mixed-line-ends.ts';
import { isOwnFile } from './own-files.ts';
import { isLinked, resolveInside } from './path-guard.ts';
import type { ProblemBoard } from './problem-board.ts';
import type { MirrorBase, SharedFiles } from './shared-files.ts';
import { type DiskFile, hashOnDisk, MAX_SHARED_TEXT_BYTES, MAX_TEXT_BYTES, readDiskFile } from './text-file.ts';
import { encodeText, hashBytes, type TextFormat } from './text-format.ts';
import { toWorkspaceError, WorkspaceError } from './workspace-error.ts';

export interface FileSyncOptions {
  readonly means: DiskMeans;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly problems: ProblemBoard;
  readonly nowMs: () => number;
  /** Throws WorkspaceError when the folder itself is not there, so that nothing in it counts as deleted. */
  readonly assertFolder: () => Promise<void>;
  /** A file that may be shared is left at this path, and nothing in the room stands for it. */
  readonly onLeft: (path: string) => void;
}

/** `gone`: the file is missing on disk, and the caller did not know for sure; nothing was done. */
export type SyncOutcome = 'done' | 'gone';

interface Visit {
  readonly fileId: string;
  /** What is missing is deleted, and not just being replaced or renamed. */
  readonly isGoneForSure: boolean;
  /** Files that wait for this one to leave their path. */
  readonly waiting: ReadonlySet<string>;
}

type DiskTextFile = Extract<DiskFile, { kind: 'text' }>;

/** What is on disk where a file is written. */
type Replaced = Pick<DiskTextFile, 'hash'> & Partial<Pick<DiskTextFile, 'format' | 'mixedText'>>;

const MAX_ATTEMPTS = 5;
const NOBODY: ReadonlySet<string> = new Set();

/** Brings one file of the folder and of the room together, from whatever state the two are in. */
export class FileSync {
  private readonly options: FileSyncOptions;
  private readonly moves: FileMoves;
  private readonly arrival: Arrival;

  constructor(options: FileSyncOptions) {
    this.options = options;
    this.moves = new FileMoves(options.means, options.bases, options.nowMs);
    this.arrival = new Arrival({ ...options, moves: this.moves });
  }

  /** Throws WorkspaceError when disk or path do not allow it; nothing is lost then, and it may be tried again. */
  async sync(fileId: string, isGoneForSure: boolean): Promise<SyncOutcome> {
    return this.visit({ fileId, isGoneForSure, waiting: NOBODY });
  }

  /** Resolves, when all files that were moved are safe from a loss of power, to those that could not be made so. */
  whenSafe(): Promise<readonly UnsafeMove[]> {
    return this.moves.whenSafe();
  }

  private async visit(visit: Visit): Promise<SyncOutcome> {
    const { fileId } = visit;
    try {
      const outcome = await this.tryOften(visit);
      if (outcome === 'done') this.arrival.tellSetAside(fileId, 'arrived');
      return outcome;
    } catch (error) {
      this.arrival.tellSetAside(fileId, 'waiting');
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
    if (bases.pathFor(fileId) !== file.path && (await this.arrive(file, visit)) === 'again') return 'again';
    const absolutePath = await resolveInside(means.root, file.path);
    if (file.kind === 'text') await files.whenTextReady(fileId);
    const disk = await this.look(absolutePath, file);
    if (disk.kind === 'missing') {
      await assertFolder();
      if (isThere(absolutePath)) return 'again';
    }
    // While the disk was read, the room may have gone on.
    const base = bases.get(fileId);
    if (this.listed(fileId)?.path !== file.path) return 'again';
    if (disk.kind === 'missing' && base && !visit.isGoneForSure) return 'gone';
    if (file.kind !== 'text') return this.syncUnopened(file, disk);
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
    // A text with a NUL looks like none once it is written.
    if (!base?.text.includes('\0') || hashOnDisk(absolutePath) !== base.hash) throw noLongerText(file, disk.kind);
    return this.options.files.readText(file.fileId) === base.text ? 'done' : this.write(file, absolutePath, base);
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

  private arrive(file: SharedFile, { fileId, waiting }: Visit): Promise<'here' | 'again'> {
    const inner = new Set([...waiting, fileId]);
    const visit = (ownerId: string) => this.visit({ fileId: ownerId, isGoneForSure: true, waiting: inner });
    return this.arrival.arrive({ file, waiting, visit });
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
    const { files } = this.options;
    if (disk.hash !== base.hash) {
      // Else a loss of power may bring back what was there before, which would look like an edit that undoes this one.
      await this.makeSafe(absolutePath, file.path);
      if ((await this.takeFromDisk(file, disk)) === 'again') return 'again';
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

  private async takeFromDisk(file: SharedFile, disk: DiskTextFile): Promise<SyncOutcome | 'again'> {
    const { files, bases } = this.options;
    const { fileId } = file;
    // From here on nothing is waited for: edits and base are then kept in one step, or neither.
    await files.whenKept(fileId);
    const saving = bases.savingOf(fileId);
    // What was written when the process ended is this device's own.
    const base = saving?.hash === disk.hash ? saving : bases.get(fileId);
    if (!base) return 'again';
    const edits = rebaseEdits(base.text, files.readText(file.fileId), diskEdits(base.text, disk.text));
    if (edits.length > 0) files.applyEdits(file.fileId, edits);
    if (!isSameFormat(disk, file) && !hasRoomChangedFormat(file, base)) files.update(file.fileId, disk.format);
    bases.set(fileId, { path: bases.pathFor(fileId) ?? base.path, hash: disk.hash, text: disk.text });
    return 'done';
  }

  private async write(
    file: SharedFile,
    absolutePath: string,
    replaced: Replaced | undefined,
  ): Promise<SyncOutcome | 'again'> {
    const { files, bases, means } = this.options;
    const { fileId, path } = file;
    await files.whenKept(fileId);
    if (bases.pathFor(fileId) !== path) await bases.whenFree(path);
    const text = files.readText(fileId);
    const bytes = encodeOver(text, file, replaced);
    const hash = hashBytes(bytes);
    if (hash === replaced?.hash) {
      // Not every text can be read from disk as it was written.
      bases.set(fileId, { path, hash, text });
      return 'done';
    }
    bases.beginSave(fileId, { path, hash, text });
    if (!(await writeBytes({ absolutePath, path, bytes, replaces: replaced?.hash }, means))) return 'again';
    bases.set(fileId, { path, hash, text });
    return 'done';
  }

  // The same path was made on both sides, each without knowing of the other.
  private async meet(file: SharedFile, disk: DiskTextFile): Promise<SyncOutcome | 'again'> {
    const { files, bases } = this.options;
    if (files.readText(file.fileId) === disk.text) {
      bases.set(file.fileId, { path: file.path, hash: disk.hash, text: disk.text });
      return 'done';
    }
    await this.arrival.setAside(file);
    return 'again';
  }

  private async syncMissing(file: SharedFile, base: MirrorBase, absolutePath: string): Promise<SyncOutcome | 'again'> {
    const { files, bases, problems } = this.options;
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

  private async syncRemoved(fileId: string): Promise<SyncOutcome | 'again'> {
    const { bases, problems, means, onLeft } = this.options;
    problems.resolveFile(fileId);
    const base = bases.get(fileId);
    if (!base) return 'done';
    const { path } = base;
    const absolutePath = await resolveInside(means.root, path);
    const disk = await this.readOwn(absolutePath, path);
    const isShared = disk.kind === 'text' && [base.hash, bases.savingOf(fileId)?.hash].includes(disk.hash);
    if (isShared && !(await removeFile({ absolutePath, path, hash: disk.hash }, means))) return 'again';
    bases.delete(fileId);
    if (isShared || disk.kind === 'missing') return 'done';
    const hasText = base.hash !== '';
    problems.tell({
      id: `kept:${fileId}`,
      severity: hasText ? 'warning' : 'info',
      path,
      title: hasText ? `${path} was deleted in the room, but changed on disk.` : `${path} was deleted in the room.`,
      detail: explainKept(path, hasText),
    });
    if (hasText) onLeft(path);
    return 'done';
  }

  // Binary and oversized files are listed as they are found on disk, and nothing more.
  private async syncUnopened(file: SharedFile, disk: DiskFile): Promise<SyncOutcome> {
    const { files, bases } = this.options;
    const { fileId, path } = file;
    if (disk.kind === 'missing') {
      if (bases.pathFor(fileId) !== undefined) files.remove([fileId]);
      bases.delete(fileId);
      return 'done';
    }
    if (disk.kind === 'text') {
      await files.whenTextReady(fileId);
      await files.whenKept(fileId);
      if (files.readText(fileId) === '' && bases.pathFor(fileId) !== undefined) {
        // It has become text on this device.
        if (disk.text !== '') files.applyEdits(fileId, [{ offset: 0, deleteLength: 0, insert: disk.text }]);
        files.update(fileId, { kind: 'text', sizeBytes: disk.sizeBytes, ...disk.format });
        bases.set(fileId, { path, hash: disk.hash, text: disk.text });
        return 'done';
      }
    }
    bases.set(fileId, { path, hash: '', text: '' });
    if (disk.sizeBytes !== file.sizeBytes) files.update(fileId, { sizeBytes: disk.sizeBytes });
    return 'done';
  }
}

/** A text without line ends has the format of any. */
function isSameFormat({ text, format }: DiskTextFile, listed: TextFormat): boolean {
  return format.bom === listed.bom && (format.eol === listed.eol || !text.includes('\n'));
}

function hasRoomChangedFormat(listed: TextFormat, base: MirrorBase): boolean {
  const formats = (['LF', 'CRLF'] as const).flatMap((eol) => [true, false].map((bom) => ({ eol, bom })));
  const matches = formats.filter((format) => hashBytes(encodeText(base.text, format)) === base.hash);
  // None matches where line ends were mixed.
  return matches.length > 0 && !matches.some(({ eol, bom }) => eol === listed.eol && bom === listed.bom);
}

/** The bytes of a text in a format; lines that stay keep their line ends where the file mixed them. */
function encodeOver(text: string, format: TextFormat, replaced: Replaced | undefined): Buffer {
  if (replaced?.mixedText === undefined || replaced.format?.eol !== format.eol) return encodeText(text, format);
  return encodeOverMixed(text, format, replaced.mixedText);
}

function explainKept(path: string, hasText: boolean): string {
  if (!hasText) {
    return 'Its content was never in the room, so the file is kept on this device. Delete it on disk if it should go.';
  }
  if (isOwnFile(nameOf(path))) return 'The file on disk is kept for this device alone. Rename it to share it again.';
  return 'The file on disk is kept, and shared again.';
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function reservedName({ path }: SharedFile): WorkspaceError {
  const message = `"${path}" is a name that Tutti keeps for its own files. Rename it in the room.`;
  return new WorkspaceError('unusable-name', path, message);
}

function noLongerText(file: SharedFile, kind: 'binary' | 'oversized'): WorkspaceError {
  const what = kind === 'binary' ? 'is no text any more' : 'has grown past 5 MB';
  const message = `"${file.path}" ${what} on disk. The folder and the room keep different contents until it is a text file below 5 MB again.`;
  return new WorkspaceError(kind === 'binary' ? 'not-text' : 'too-large', file.path, message);
}
