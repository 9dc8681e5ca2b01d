import { comparablePath, type SharedFile } from '../../../shared/workspace/index.ts';
import type { BaseIndex } from './base-index.ts';
import type { DiskMeans } from './disk-changes.ts';
import type { MirrorPolicy } from './mirror-policy.ts';
import { nameTaken } from './out-of-step.ts';
import { locateOnDisk } from './path-kind.ts';
import type { ProblemBoard } from './problem-board.ts';
import type { SharedFiles } from './shared-files.ts';
import { notKept } from './workspace-error.ts';

export interface BlockedFilesOptions {
  readonly means: DiskMeans;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly policy: MirrorPolicy;
  readonly problems: ProblemBoard;
  /** Throws WorkspaceError when the folder itself is not there. */
  readonly assertFolder: () => Promise<void>;
}

/** Files that were deleted on disk while they were being edited, and in whose way something else is there now. */
export class BlockedFiles {
  private readonly options: BlockedFilesOptions;

  constructor(options: BlockedFilesOptions) {
    this.options = options;
  }

  /**
   * Gives such a file another path in the room, where it is to be written anew. Resolves to false when nothing is in its
   * way. Rejects with WorkspaceError, as where self may not do that.
   */
  async moveAway({ fileId, path }: SharedFile): Promise<boolean> {
    const { assertFolder, files, bases, means, policy, problems } = this.options;
    const blocked = await findBlocker(means.root, path);
    if (!blocked) return false;
    if (!policy.takesFiles) throw nameTaken(path, blocked.kind);
    const free = await findFreePath(means.root, path, blocked, files);
    await assertFolder();
    if (files.get(fileId)?.path !== path) return true;
    if (!files.canKeep(fileId)) throw notKept(path);
    files.update(fileId, { path: free });
    // Else it would be looked for where it was.
    bases.delete(fileId);
    problems.tell({
      id: `restored:${fileId}`,
      severity: 'warning',
      path: free,
      fileId,
      title: `${path} was deleted on disk while it was being edited, and ${blocked.blocker} is a ${blocked.kind} now.`,
      detail: `It was written again with the edits, as ${free}. Delete it in Tutti if it should go.`,
    });
    return true;
  }
}

/** What keeps a file from being at a path. */
export interface BlockedPath {
  /** The path of the file, where a folder is, or that of one of its folders, where a file is. */
  readonly blocker: string;
  readonly kind: 'folder' | 'file';
}

/** What on disk keeps a file from being at a path; undefined when nothing does. `root` is a real path. */
async function findBlocker(root: string, path: string): Promise<BlockedPath | undefined> {
  for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
    const folder = path.slice(0, end);
    const { kind } = await locateOnDisk(root, folder);
    if (kind === 'missing') return undefined;
    if (kind === 'file') return { blocker: folder, kind };
  }
  const { kind } = await locateOnDisk(root, path);
  return kind === 'folder' ? { blocker: path, kind } : undefined;
}

/** A path much like this one at which there is nothing, neither on disk nor in the room. `root` is a real path. */
export async function findFreePath(
  root: string,
  path: string,
  { blocker, kind }: BlockedPath,
  { files }: Pick<SharedFiles, 'files'>,
): Promise<string> {
  const listed = new Set(files.map((file) => comparablePath(file.path)));
  const nameStart = blocker.lastIndexOf('/') + 1;
  const dot = kind === 'folder' ? blocker.lastIndexOf('.') : -1;
  const end = dot > nameStart ? dot : blocker.length;
  for (let copy = 2; ; copy++) {
    const other = `${blocker.slice(0, end)} (${copy})${blocker.slice(end)}`;
    const free = other + path.slice(blocker.length);
    if (listed.has(comparablePath(other)) || listed.has(comparablePath(free))) continue;
    const isMissing = (await locateOnDisk(root, free)).kind === 'missing';
    if (isMissing && (await findBlocker(root, free)) === undefined) return free;
  }
}
