import type { BaseIndex } from './base-index.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { locateOnDisk } from './path-kind.ts';
import type { ProblemBoard } from './problem-board.ts';
import type { SharedFiles } from './shared-files.ts';
import { readDiskFile } from './text-file.ts';
import { walkFolder } from './walk-folder.ts';
import { WorkspaceError } from './workspace-error.ts';

export interface LostFolderOptions {
  /** Real path. */
  readonly root: string;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly problems: ProblemBoard;
}

/**
 * A list that was lost must not empty the folder: without one, everything on disk is new. Nor must a folder that was lost
 * empty the room, such as a drive that is not mounted. Rejects with WorkspaceError when the folder cannot be read.
 */
export async function forgetLostBases(options: LostFolderOptions): Promise<void> {
  const { root, files, bases } = options;
  if (files.files.length > 0 && !(await isEverythingLost(root, bases))) return;
  forgetBases('None of the files was in the folder any more.', options);
}

/** Another folder has come in the place of the one that was known. */
export function forgetOtherFolder(options: LostFolderOptions): void {
  forgetBases('The folder was replaced by another.', options);
}

/** What lies in the folder and what the room has meet as strangers; nothing counts as deleted. `title` says why. */
function forgetBases(title: string, { files, bases, problems }: LostFolderOptions): void {
  const wasKnown = bases.size > 0 && files.files.length > 0;
  for (const { fileId } of bases.list()) bases.delete(fileId);
  if (!wasKnown) return;
  const detail =
    'Nothing was deleted from the room: its files were put into the folder, and what was there under the same name is kept beside them. Delete in Tutti what should go.';
  problems.tell({ id: 'folder-replaced', severity: 'warning', path: '', title, detail });
}

/**
 * Whether none of the files that lay in a folder is there any more: it was emptied or replaced, or its drive is not
 * mounted. Files that all have moved within it do not count as lost, nor does one alone, which may well be deleted.
 * `root` is a real path. Rejects with WorkspaceError when the folder cannot be read.
 */
async function isEverythingLost(root: string, bases: BaseIndex): Promise<boolean> {
  if (bases.size < 2) return false;
  for (const { path } of bases.list()) {
    const { kind } = await locateOnDisk(root, path);
    if (kind !== 'missing' && kind !== 'folder') return false;
  }
  return !(await haveMostMoved(root, bases));
}

async function haveMostMoved(root: string, bases: BaseIndex): Promise<boolean> {
  const wanted = new Set<string>();
  for (const { fileId } of bases.list()) {
    const base = bases.get(fileId);
    // Empty files are alike everywhere.
    if (base && base.hash !== '' && base.text !== '') wanted.add(base.hash);
  }
  const enough = wanted.size / 2;
  let found = 0;
  // What cannot be read is told by the comparison that follows.
  const walk = { rootRealPath: root, rules: new IgnoreRules(root), onProblem: () => {} };
  for await (const batch of walkFolder(walk)) {
    for (const { absolutePath, path } of batch) {
      if (wanted.delete((await hashOf(absolutePath, root, path)) ?? '') && ++found > enough) return true;
    }
  }
  return false;
}

async function hashOf(absolutePath: string, root: string, path: string): Promise<string | undefined> {
  try {
    const disk = await readDiskFile(absolutePath, { root, path });
    return disk.kind === 'text' ? disk.hash : undefined;
  } catch (error) {
    if (error instanceof WorkspaceError) return undefined;
    throw error;
  }
}
