import type { SharedFile } from '../../../shared/workspace/index.ts';
import type { BaseIndex } from './base-index.ts';
import { findFreePath } from './blocked-files.ts';
import { type DiskMeans, moveFile } from './disk-changes.ts';
import type { MirrorPolicy } from './mirror-policy.ts';
import { resolveInside } from './path-guard.ts';
import type { ProblemBoard } from './problem-board.ts';
import type { MirrorBase, SharedFiles } from './shared-files.ts';
import { notKept, toWorkspaceError } from './workspace-error.ts';

export interface UnlikeTextsOptions {
  readonly means: DiskMeans;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly policy: MirrorPolicy;
  readonly problems: ProblemBoard;
  /** Throws WorkspaceError when the folder itself is not there. */
  readonly assertFolder: () => Promise<void>;
  /** A file that may be shared is left at this path. */
  readonly onLeft: (path: string) => void;
}

/** Texts that are none any more on disk, and that somebody edits in the room: both contents are kept. */
export class UnlikeTexts {
  private readonly options: UnlikeTextsOptions;

  constructor(options: UnlikeTextsOptions) {
    this.options = options;
  }

  /**
   * Gives what lies at the path of such a text a path beside it, where it is shared as a file of its own. Resolves to false
   * where self may not do that. Rejects with WorkspaceError.
   */
  async moveBeside(file: SharedFile, base: MirrorBase, absolutePath: string): Promise<boolean> {
    const { assertFolder, bases, files, means, onLeft, policy, problems } = this.options;
    const { fileId, path } = file;
    if (!policy.takesFiles || !policy.takesEdits(fileId)) return false;
    const free = await findFreePath(means.root, path, { blocker: path, kind: 'folder' }, files);
    const to = await resolveInside(means.root, free);
    await assertFolder();
    if (files.get(fileId)?.path !== path || files.readText(fileId) === base.text) return true;
    if (!files.canKeep(fileId)) throw notKept(path);
    const folders = await moveFile({ from: absolutePath, to, path }, means);
    if (!folders) return true;
    // The text is written anew: its file was not deleted.
    bases.delete(fileId);
    onLeft(free);
    problems.tell({
      id: `unlike:${fileId}`,
      severity: 'warning',
      path,
      fileId,
      title: `${path} was no text any more on disk while it was edited in the room.`,
      detail: `It has the text with those edits again. What was on disk is beside it, and shared as ${free}.`,
    });
    await means.durability.syncFolders(folders).catch((error: unknown) => {
      throw toWorkspaceError(error, path, 'rename');
    });
    return true;
  }
}
