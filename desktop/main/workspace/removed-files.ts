import type { BaseIndex } from './base-index.ts';
import type { BlobSync } from './blob-sync.ts';
import { type DiskMeans, removeFile } from './disk-changes.ts';
import type { MirrorPolicy } from './mirror-policy.ts';
import type { MovedTexts } from './moved-texts.ts';
import { notListed } from './out-of-step.ts';
import { isOwnFile } from './own-files.ts';
import { resolveInside } from './path-guard.ts';
import type { ProblemBoard } from './problem-board.ts';
import type { ReplacedFiles } from './replaced-files.ts';
import type { MirrorBase, SharedFiles } from './shared-files.ts';
import type { DiskFile } from './text-file.ts';

export interface RemovedFilesOptions {
  readonly means: DiskMeans;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly problems: ProblemBoard;
  readonly policy: MirrorPolicy;
  readonly blobs: BlobSync;
  readonly replaced: ReplacedFiles;
  readonly moved: MovedTexts;
  /** Reads where a file was last: a folder in its place counts as nothing. */
  readonly readOwn: (absolutePath: string, path: string) => Promise<DiskFile>;
  /** A file that may be shared is left at this path. */
  readonly onLeft: (path: string) => void;
}

/** Removes files from the disk that the room does not list any more, unless they have something that only the disk has. */
export class RemovedFiles {
  private readonly options: RemovedFilesOptions;

  constructor(options: RemovedFilesOptions) {
    this.options = options;
  }

  /** Resolves to `again` when the file changed meanwhile. Rejects with WorkspaceError. */
  async sync(fileId: string): Promise<'done' | 'again'> {
    const { bases, problems, means, moved, onLeft, policy, readOwn, replaced, blobs } = this.options;
    const base = bases.get(fileId);
    if (base && !this.options.files.wasListed(fileId)) return this.leaveUnlisted(fileId, base);
    problems.resolveFile(fileId);
    if (!base) {
      moved.forget(fileId);
      return 'done';
    }
    const { path } = base;
    const absolutePath = await resolveInside(means.root, path);
    const disk = await readOwn(absolutePath, path);
    const saving = bases.savingOf(fileId);
    if (disk.kind === 'text') moved.see(fileId, disk, base.hash);
    let isShared =
      disk.kind === 'text' && [base.hash, saving?.hash].includes(disk.hash) && !moved.has(fileId, disk.hash);
    if (disk.kind === 'text') {
      const remove = () => removeFile({ absolutePath, path, hash: disk.hash }, means);
      const was = { fileId, path, text: disk.text };
      if (isShared && !(await replaced.keep(absolutePath, was, remove))) return 'again';
    } else if (disk.kind !== 'missing') {
      const removed = await blobs.removeAgreed(base, saving, absolutePath);
      if (removed === 'again') return 'again';
      isShared = removed;
    }
    bases.delete(fileId);
    moved.forget(fileId);
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

  /**
   * Nobody has removed it: the list that this device kept lacks it, such as one that could not be written to any more
   * before the process ended. What is on disk may be nowhere else.
   */
  private leaveUnlisted(fileId: string, { path }: MirrorBase): 'done' {
    const { files, bases, problems, moved, policy, onLeft } = this.options;
    if (!files.isListComplete) throw notListed(path);
    problems.resolveFile(fileId);
    bases.delete(fileId);
    moved.forget(fileId);
    policy.releaseFile(fileId);
    onLeft(path);
    return 'done';
  }
}

function explainKept(path: string, hasText: boolean, isHeld: boolean): string {
  if (!hasText) {
    return 'Its content was never in the room, so the file is kept on this device. Delete it on disk if it should go.';
  }
  if (isHeld) return 'The file on disk is kept for this device alone.';
  if (isOwnFile(path.slice(path.lastIndexOf('/') + 1)))
    return 'The file on disk is kept for this device alone. Rename it to share it again.';
  return 'The file on disk is kept, and shared again.';
}
