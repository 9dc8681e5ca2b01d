import type { SharedFile } from '../../../shared/workspace/index.ts';
import type { BaseIndex } from './base-index.ts';
import type { BlockedFiles } from './blocked-files.ts';
import { type DiskMeans, isThere } from './disk-changes.ts';
import type { DiskRest } from './disk-rest.ts';
import type { MirrorPolicy } from './mirror-policy.ts';
import type { MovedTexts } from './moved-texts.ts';
import { resolveInside } from './path-guard.ts';
import type { ProblemBoard } from './problem-board.ts';
import type { MirrorBase, SharedFiles } from './shared-files.ts';
import type { DiskFile } from './text-file.ts';
import type { TextWrites } from './text-writes.ts';
import { notKept, toWorkspaceError } from './workspace-error.ts';

export interface MissingFilesOptions {
  readonly means: DiskMeans;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly problems: ProblemBoard;
  readonly policy: MirrorPolicy;
  readonly moved: MovedTexts;
  readonly blocked: BlockedFiles;
  readonly writes: TextWrites;
  readonly rest: Pick<DiskRest, 'restored'>;
  /** Throws WorkspaceError when the folder itself is not there, so that nothing in it counts as deleted. */
  readonly assertFolder: () => Promise<void>;
  readonly look: (absolutePath: string, file: SharedFile) => Promise<DiskFile>;
}

/** Texts that were deleted on disk: they go from the room as well, unless somebody is editing them there. */
export class MissingFiles {
  private readonly options: MissingFilesOptions;

  constructor(options: MissingFilesOptions) {
    this.options = options;
  }

  /** Resolves to `again` when disk or room have changed meanwhile. Rejects with WorkspaceError. */
  async sync(file: SharedFile, base: MirrorBase, absolutePath: string): Promise<'done' | 'again'> {
    const { files, bases, means, policy, moved, blocked } = this.options;
    const { fileId, path } = file;
    if (files.readText(fileId) !== base.text)
      return (await blocked.moveAway(file)) ? 'again' : this.restore(file, base, absolutePath);
    if (!policy.takesRemoval(fileId)) {
      policy.holdFile(fileId);
      return 'done';
    }
    // Else a loss of power may bring it back, and with it a file that nobody knows.
    await means.durability.syncFile(absolutePath).catch((error: unknown) => {
      throw toWorkspaceError(error, path, 'read');
    });
    if (!(await this.isStillMissing(file)) || files.readText(fileId) !== base.text) return 'again';
    if (!files.canKeep(fileId)) throw notKept(path);
    bases.delete(fileId);
    moved.forget(fileId);
    files.remove([fileId]);
    return 'done';
  }

  private async restore(file: SharedFile, base: MirrorBase, absolutePath: string): Promise<'done' | 'again'> {
    const { problems, writes, rest } = this.options;
    const { fileId, path } = file;
    const outcome = await writes.write(file, absolutePath, undefined);
    if (outcome !== 'done') return outcome;
    rest.restored.add(fileId, base.text);
    problems.tell({
      id: `restored:${fileId}`,
      severity: 'warning',
      path,
      fileId,
      title: `${path} was deleted on disk while it was being edited.`,
      detail: 'It was written again with the edits. Delete it in Tutti if it should go.',
    });
    return outcome;
  }

  /** Other programs delete and make anew what they save, and drives are taken out, at any time. */
  private async isStillMissing(file: SharedFile): Promise<boolean> {
    const { assertFolder, files, look, means } = this.options;
    const absolutePath = await resolveInside(means.root, file.path);
    const disk = await look(absolutePath, file);
    await assertFolder();
    return disk.kind === 'missing' && !isThere(absolutePath) && files.get(file.fileId)?.path === file.path;
  }
}
