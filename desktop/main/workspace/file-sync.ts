import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { SharedFile } from '../../../shared/workspace/index.ts';
import { resolveInside } from './path-guard.ts';
import type { ProblemBoard } from './problem-board.ts';
import type { MirrorBase, MirrorBaseStore, SharedFiles } from './shared-files.ts';
import { type DiskFile, readDiskFile, saveFile } from './text-file.ts';
import { encodeText, hashBytes, type TextFormat } from './text-format.ts';
import { localCopyName } from './own-files.ts';
import { diskEdits, rebaseEdits } from './three-way-merge.ts';
import { errnoOf, toWorkspaceError } from './workspace-error.ts';

export interface FileSyncOptions {
  /** Real path of the folder. */
  readonly root: string;
  readonly files: SharedFiles;
  readonly bases: MirrorBaseStore;
  readonly problems: ProblemBoard;
  readonly nowMs: () => number;
}

type DiskTextFile = Extract<DiskFile, { kind: 'text' }>;

/** Brings one file of the folder and of the room together, from whatever state the two are in. */
export class FileSync {
  private readonly options: FileSyncOptions;

  constructor(options: FileSyncOptions) {
    this.options = options;
  }

  /** Throws WorkspaceError when disk or path do not allow it; nothing is lost then, and it may be tried again. */
  async sync(fileId: string): Promise<void> {
    const { files, bases, root } = this.options;
    const base = bases.get(fileId);
    const listed = files.files.find((file) => file.fileId === fileId);
    if (!listed) return this.syncRemoved(fileId, base);
    await resolveInside(root, listed.path);
    if (base && base.path !== listed.path) await this.followRename(listed, base);
    const absolutePath = await resolveInside(root, listed.path);
    const disk = await readDiskFile(absolutePath, listed.path);
    if (listed.kind !== 'text') return this.syncUnopened(listed, disk);
    await files.whenTextReady(fileId);
    const known = bases.get(fileId);
    if (disk.kind === 'missing') return known ? this.syncMissing(listed, known, absolutePath) : this.write(listed, absolutePath);
    if (disk.kind !== 'text') return this.tellNoLongerText(listed, disk.kind);
    return known ? this.merge(listed, known, disk, absolutePath) : this.meet(listed, disk, absolutePath);
  }

  private async merge(file: SharedFile, base: MirrorBase, disk: DiskTextFile, absolutePath: string): Promise<void> {
    const { files, bases } = this.options;
    if (disk.hash !== base.hash) {
      const current = files.readText(file.fileId);
      const edits = rebaseEdits(base.text, current, diskEdits(base.text, disk.text));
      bases.set(file.fileId, { path: file.path, hash: disk.hash, text: disk.text });
      if (edits.length > 0) files.applyEdits(file.fileId, edits);
      if (disk.format.eol !== file.eol || disk.format.bom !== file.bom) files.update(file.fileId, disk.format);
    }
    if (files.readText(file.fileId) !== disk.text) await this.write(file, absolutePath);
  }

  private async write(file: SharedFile, absolutePath: string): Promise<void> {
    const { files, bases } = this.options;
    const text = files.readText(file.fileId);
    const current = files.files.find(({ fileId }) => fileId === file.fileId) ?? file;
    const hash = await writeText(absolutePath, file.path, text, current);
    bases.set(file.fileId, { path: file.path, hash, text });
  }

  // The same path was made on both sides, each without knowing of the other.
  private async meet(file: SharedFile, disk: DiskTextFile, absolutePath: string): Promise<void> {
    const { files, bases, problems, nowMs, root } = this.options;
    if (files.readText(file.fileId) === disk.text) {
      bases.set(file.fileId, { path: file.path, hash: disk.hash, text: disk.text });
      return;
    }
    const aside = await this.freeLocalCopy(file.path, nowMs());
    await writeText(await resolveInside(root, aside), aside, disk.text, disk.format);
    await this.write(file, absolutePath);
    problems.tell({
      id: `met:${file.fileId}`,
      severity: 'warning',
      path: file.path,
      fileId: file.fileId,
      title: `${file.path} was different in the folder and in the room.`,
      detail: `The room's text is in the file now; what the folder had is beside it as ${aside}.`,
    });
  }

  private async freeLocalCopy(path: string, nowMs: number): Promise<string> {
    const folder = path.slice(0, path.length - basename(path).length);
    for (let copy = 1; ; copy++) {
      const candidate = folder + localCopyName(basename(path), nowMs, copy);
      const absolutePath = await resolveInside(this.options.root, candidate);
      if ((await readDiskFile(absolutePath, candidate)).kind === 'missing') return candidate;
    }
  }

  private async syncMissing(file: SharedFile, base: MirrorBase, absolutePath: string): Promise<void> {
    const { files, bases, problems } = this.options;
    if (files.readText(file.fileId) === base.text) {
      bases.delete(file.fileId);
      files.remove([file.fileId]);
      return;
    }
    await this.write(file, absolutePath);
    problems.tell({
      id: `restored:${file.fileId}`,
      severity: 'warning',
      path: file.path,
      fileId: file.fileId,
      title: `${file.path} was deleted on disk while it was being edited.`,
      detail: 'It was written again with the edits. Delete it in Tutti if it should go.',
    });
  }

  private async syncRemoved(fileId: string, base: MirrorBase | undefined): Promise<void> {
    const { bases, problems, root } = this.options;
    if (!base) return;
    const absolutePath = await resolveInside(root, base.path);
    const disk = await readDiskFile(absolutePath, base.path);
    if (disk.kind === 'text' && disk.hash !== base.hash) {
      problems.tell({
        id: `kept:${fileId}`,
        severity: 'warning',
        path: base.path,
        title: `${base.path} was deleted in the room, but changed on disk.`,
        detail: 'The file on disk is kept and shared again.',
      });
    } else if (disk.kind !== 'missing') {
      await rm(absolutePath).catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw toWorkspaceError(error, base.path, 'remove');
      });
      await removeEmptyFolders(root, dirname(absolutePath));
    }
    bases.delete(fileId);
  }

  private async followRename(file: SharedFile, base: MirrorBase): Promise<void> {
    const { bases, root } = this.options;
    const from = await resolveInside(root, base.path);
    const to = await resolveInside(root, file.path);
    const isSameFileOtherCase = from.toLowerCase() === to.toLowerCase();
    if (isSameFileOtherCase || (await readDiskFile(to, file.path)).kind === 'missing') {
      try {
        await mkdir(dirname(to), { recursive: true });
        await rename(from, to);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw toWorkspaceError(error, base.path, 'rename');
      }
      await removeEmptyFolders(root, dirname(from));
    }
    bases.set(file.fileId, { ...base, path: file.path });
  }

  // Binary and oversized files are listed as they are found on disk, and nothing more.
  private syncUnopened(file: SharedFile, disk: DiskFile): void {
    const { files, bases } = this.options;
    const base = bases.get(file.fileId);
    if (disk.kind !== 'missing') {
      bases.set(file.fileId, { path: file.path, hash: '', text: '' });
      if (disk.sizeBytes !== file.sizeBytes) files.update(file.fileId, { sizeBytes: disk.sizeBytes });
    } else if (base) {
      bases.delete(file.fileId);
      files.remove([file.fileId]);
    }
  }

  private tellNoLongerText(file: SharedFile, kind: 'binary' | 'oversized'): void {
    const what = kind === 'binary' ? 'is no text any more' : 'has grown past 5 MB';
    this.options.problems.report({
      id: `file:${file.fileId}`,
      severity: 'warning',
      path: file.path,
      fileId: file.fileId,
      title: `${file.path} ${what} on disk.`,
      detail: 'The folder and the room keep different contents until it is a text file below 5 MB again.',
      canRetry: true,
    });
  }
}

/** Writes a text and resolves to the hash of its bytes. */
async function writeText(absolutePath: string, path: string, text: string, format: TextFormat): Promise<string> {
  const bytes = encodeText(text, format);
  try {
    await mkdir(dirname(absolutePath), { recursive: true });
  } catch (error) {
    throw toWorkspaceError(error, path, 'write');
  }
  await saveFile(absolutePath, bytes, { path });
  return hashBytes(bytes);
}

async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let current = folder; current !== root && current.startsWith(root); current = dirname(current)) {
    try {
      await rmdir(current);
    } catch {
      // Not empty, or gone already.
      return;
    }
  }
}
