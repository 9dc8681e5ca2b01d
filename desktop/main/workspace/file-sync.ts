import type { SharedFile } from '../../../shared/workspace/index.ts';
import type { BaseIndex } from './base-index.ts';
import { freeLocalCopy, moveFile, moveThroughStone, removeFile, writeText } from './disk-changes.ts';
import { isOwnFile } from './own-files.ts';
import { resolveInside } from './path-guard.ts';
import { isSameFile } from './path-kind.ts';
import type { ProblemBoard } from './problem-board.ts';
import type { MirrorBase, SharedFiles } from './shared-files.ts';
import { type DiskFile, type DiskWrites, MAX_SHARED_TEXT_BYTES, MAX_TEXT_BYTES, readDiskFile } from './text-file.ts';
import { encodeText, hashBytes, type TextFormat } from './text-format.ts';
import { diskEdits, rebaseEdits } from './three-way-merge.ts';
import { WorkspaceError } from './workspace-error.ts';

export interface FileSyncOptions {
  /** Real path of the folder. */
  readonly root: string;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly problems: ProblemBoard;
  readonly nowMs: () => number;
  /** Throws WorkspaceError when the folder itself is not there, so that nothing in it counts as deleted. */
  readonly assertFolder: () => Promise<void>;
  /** A file that the room does not list any more is still at this path, and is to be shared again. */
  readonly onKept: (path: string) => void;
  readonly writes?: DiskWrites;
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

const MAX_ATTEMPTS = 5;
const NOBODY: ReadonlySet<string> = new Set();

/** Brings one file of the folder and of the room together, from whatever state the two are in. */
export class FileSync {
  private readonly options: FileSyncOptions;
  /** Hash of what is left at a path whose file has gone elsewhere, its text being in the room: it may be replaced. */
  private readonly leftovers = new Map<string, string>();

  constructor(options: FileSyncOptions) {
    this.options = options;
  }

  /** Throws WorkspaceError when disk or path do not allow it; nothing is lost then, and it may be tried again. */
  async sync(fileId: string, isGoneForSure: boolean): Promise<SyncOutcome> {
    return this.visit({ fileId, isGoneForSure, waiting: NOBODY });
  }

  private async visit(visit: Visit): Promise<SyncOutcome> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const outcome = await this.attempt(visit);
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
    const { files, bases, root, assertFolder } = this.options;
    const { fileId } = visit;
    await assertFolder();
    const file = this.listed(fileId);
    if (!file) return this.syncRemoved(fileId);
    if (isOwnFile(file.path.slice(file.path.lastIndexOf('/') + 1))) throw reservedName(file);
    if (bases.pathFor(fileId) !== file.path) await this.arrive(file, visit);
    const absolutePath = await resolveInside(root, file.path);
    if (file.kind === 'text') await files.whenTextReady(fileId);
    const disk = await this.look(absolutePath, file);
    if (disk.kind === 'missing') await assertFolder();
    // While the disk was read, the room may have gone on.
    const base = bases.get(fileId);
    if (this.listed(fileId)?.path !== file.path) return 'again';
    if (disk.kind === 'missing' && base && !visit.isGoneForSure) return 'gone';
    if (file.kind !== 'text') return this.syncUnopened(file, disk);
    if (disk.kind === 'missing')
      return base ? this.syncMissing(file, base, absolutePath) : this.write(file, absolutePath, undefined);
    if (disk.kind !== 'text') throw noLongerText(file, disk.kind);
    return base ? this.merge(file, base, disk, absolutePath) : this.meet(file, disk, absolutePath);
  }

  private read(absolutePath: string, path: string, maxBytes = MAX_SHARED_TEXT_BYTES): Promise<DiskFile> {
    return readDiskFile(absolutePath, { root: this.options.root, path, maxBytes });
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
    if (disk.hash !== base.hash && (await this.takeFromDisk(file, disk)) === 'again') return 'again';
    const current = this.listed(file.fileId) ?? file;
    if (files.readText(file.fileId) === disk.text && isSameFormat(disk, current)) return 'done';
    return this.write(current, absolutePath, disk.hash);
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
    replaces: string | undefined,
  ): Promise<SyncOutcome | 'again'> {
    const { files, bases, writes } = this.options;
    const { fileId, path } = file;
    await files.whenKept(fileId);
    const text = files.readText(fileId);
    const hash = hashBytes(encodeText(text, file));
    bases.beginSave(fileId, { path, hash, text });
    if (!(await writeText({ absolutePath, path, text, format: file, replaces }, writes))) return 'again';
    bases.set(fileId, { path, hash, text });
    return 'done';
  }

  // The same path was made on both sides, each without knowing of the other.
  private async meet(file: SharedFile, disk: DiskTextFile, absolutePath: string): Promise<SyncOutcome | 'again'> {
    const { files, bases } = this.options;
    if (this.leftovers.get(file.path) === disk.hash) {
      const outcome = await this.write(file, absolutePath, disk.hash);
      if (outcome === 'done') this.leftovers.delete(file.path);
      return outcome;
    }
    if (files.readText(file.fileId) === disk.text) {
      bases.set(file.fileId, { path: file.path, hash: disk.hash, text: disk.text });
      return 'done';
    }
    await this.setAside(file, absolutePath);
    return 'again';
  }

  private async setAside(file: SharedFile, absolutePath: string): Promise<void> {
    const { problems, nowMs, root } = this.options;
    const aside = await freeLocalCopy(root, file.path, nowMs());
    await moveFile(root, absolutePath, await resolveInside(root, aside), file.path);
    problems.tell({
      id: `met:${file.fileId}`,
      severity: 'warning',
      path: file.path,
      fileId: file.fileId,
      title: `${file.path} was different in the folder and in the room.`,
      detail: `The room's text is in the file now; what the folder had is beside it as ${aside}.`,
    });
  }

  private async syncMissing(file: SharedFile, base: MirrorBase, absolutePath: string): Promise<SyncOutcome | 'again'> {
    const { files, bases, problems } = this.options;
    if (files.readText(file.fileId) === base.text) {
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

  private async syncRemoved(fileId: string): Promise<SyncOutcome> {
    const { bases, problems, root, onKept } = this.options;
    problems.resolveFile(fileId);
    const base = bases.get(fileId);
    if (!base) return 'done';
    const { path } = base;
    const absolutePath = await resolveInside(root, path);
    const disk = await this.readOwn(absolutePath, path);
    const isShared = disk.kind === 'text' && disk.hash === base.hash;
    if (isShared) await removeFile(root, absolutePath, path);
    bases.delete(fileId);
    if (isShared || disk.kind === 'missing') return 'done';
    const hasText = base.hash !== '';
    problems.tell({
      id: `kept:${fileId}`,
      severity: hasText ? 'warning' : 'info',
      path,
      title: hasText ? `${path} was deleted in the room, but changed on disk.` : `${path} was deleted in the room.`,
      detail: hasText
        ? 'The file on disk is kept, and shared again.'
        : 'Its content was never in the room, so the file is kept on this device. Delete it on disk if it should go.',
    });
    if (hasText) onKept(path);
    return 'done';
  }

  /** Makes the path of a file free for it, and brings it there from where it lay. */
  private async arrive(file: SharedFile, { fileId, waiting }: Visit): Promise<void> {
    const { files, bases, root } = this.options;
    await resolveInside(root, file.path);
    const ownerId = bases.ownerOf(file.path);
    if (ownerId !== undefined && ownerId !== fileId) {
      if (waiting.has(ownerId)) await this.liftOff(ownerId, bases.get(fileId)?.hash);
      else await this.visit({ fileId: ownerId, isGoneForSure: true, waiting: new Set([...waiting, fileId]) });
    }
    const base = bases.get(fileId);
    if (!base) return;
    const from = await resolveInside(root, base.path);
    const to = await resolveInside(root, file.path);
    if (isNested(base.path, file.path)) return this.moveNested(file, base, { from, to });
    const isOtherCase = from !== to && (await isSameFile(from, to));
    const [there, here] = [await this.read(to, file.path), await this.readOwn(from, base.path)];
    const isOthers = files.files.some(
      (other) => other.path === base.path && bases.pathFor(other.fileId) === undefined && !waiting.has(other.fileId),
    );
    if (isOthers && here.kind === 'text' && here.hash !== base.hash) {
      // What lies at the old place may well be the other file's, after a crash that lost the newest bases.
      bases.delete(fileId);
      return;
    }
    if (there.kind === 'text' && there.hash === base.hash && here.kind === 'text' && here.hash !== base.hash) {
      // It has moved already; what lies at the old place is not known to be its own.
      bases.set(fileId, { ...base, path: file.path });
      return;
    }
    const isFree =
      there.kind === 'missing' ||
      isOtherCase ||
      (there.kind === 'text' && this.leftovers.get(file.path) === there.hash);
    if (here.kind !== 'missing') {
      if (!isFree) await this.setAside(file, to);
      await moveFile(root, from, to, base.path);
      this.leftovers.delete(file.path);
    } else if (there.kind === 'text' && there.hash !== base.hash) {
      // Gone from its old place, and something unknown is at the new one: they meet as strangers.
      bases.delete(fileId);
      return;
    }
    bases.set(fileId, { ...base, path: file.path });
  }

  /** One of the two paths is a folder of the other: the file has to be out of the way before its new place can be made. */
  private async moveNested(
    file: SharedFile,
    base: MirrorBase,
    { from, to }: { readonly from: string; readonly to: string },
  ): Promise<void> {
    const { bases, nowMs, root } = this.options;
    const { fileId } = file;
    const here = await this.readOwn(from, base.path);
    if (here.kind !== 'missing') {
      const outer = base.path.length < file.path.length ? base.path : file.path;
      const stone = await resolveInside(root, await freeLocalCopy(root, outer, nowMs()));
      // Between the two moves the file is at neither place: an end of the process there must not count as its deletion.
      bases.delete(fileId);
      bases.beginSave(fileId, { ...base, path: file.path });
      try {
        await moveThroughStone(root, { from, stone, to, path: file.path });
      } catch (error) {
        bases.set(fileId, base);
        throw error;
      }
    } else {
      const there = await this.read(to, file.path);
      if (there.kind === 'text' && there.hash !== base.hash) {
        // Gone from its old place, and something unknown is at the new one: they meet as strangers.
        bases.delete(fileId);
        return;
      }
    }
    bases.set(fileId, { ...base, path: file.path });
  }

  /**
   * Takes what a file has on disk into the room and lets its path go: two files are changing places. Where the hash is
   * that of the file which comes, that one is there already, and the newest bases were lost in a crash.
   */
  private async liftOff(fileId: string, comingHash: string | undefined): Promise<void> {
    const { files, bases, root } = this.options;
    const file = this.listed(fileId);
    const base = bases.get(fileId);
    if (!file || !base) return;
    await files.whenTextReady(fileId);
    const disk = await this.read(await resolveInside(root, base.path), base.path);
    if (disk.kind === 'text' && disk.hash !== comingHash) {
      if (disk.hash !== base.hash) await this.takeFromDisk(file, disk);
      this.leftovers.set(base.path, disk.hash);
    }
    bases.delete(fileId);
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

function isNested(a: string, b: string): boolean {
  return a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
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
