import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSharedPath } from '../../../shared/workspace/index.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { isInside } from './path-guard.ts';
import { toWorkspaceError, WorkspaceError } from './workspace-error.ts';

/** A file of the folder that may be shared. */
export interface ScannedFile {
  /** Relative, `/`-separated, NFC. */
  readonly path: string;
  readonly absolutePath: string;
}

export interface FolderScanOptions {
  /** Told of what cannot be read; the scan goes on with the rest. */
  readonly onProblem: (error: WorkspaceError) => void;
}

/**
 * Lists the files of a folder by its real path, without what its `.gitignore` files leave out. Links to folders are not
 * followed, links to files only when they stay inside. Throws WorkspaceError when the folder itself cannot be read.
 */
export async function scanFolder(root: string, options: FolderScanOptions): Promise<readonly ScannedFile[]> {
  const rules = new IgnoreRules(root);
  const found: ScannedFile[] = [];
  const pending: { readonly diskPath: string; readonly path: string }[] = [{ diskPath: root, path: '' }];
  for (let folder = pending.pop(); folder; folder = pending.pop()) {
    const entries = await readFolder(folder.diskPath, folder.path === '' ? root : folder.path, folder.path === '', options);
    await rules.enterFolder(folder.path);
    for (const entry of entries) {
      const path = joinPath(folder.path, entry.name.normalize('NFC'));
      const absolutePath = join(folder.diskPath, entry.name);
      const isFolder = entry.isDirectory();
      if (rules.isIgnoredHere(path, isFolder)) continue;
      if (isFolder) pending.push({ diskPath: absolutePath, path });
      else if (await isSharedFile(root, absolutePath)) {
        if (parseSharedPath(path).ok) found.push({ path, absolutePath });
        else options.onProblem(unshareable(path));
      }
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function readFolder(diskPath: string, shown: string, isRoot: boolean, { onProblem }: FolderScanOptions) {
  try {
    return await readdir(diskPath, { withFileTypes: true });
  } catch (error) {
    const problem = toWorkspaceError(error, shown, isRoot ? 'open-folder' : 'read');
    if (isRoot) throw problem;
    onProblem(problem);
    return [];
  }
}

/** Whether a path is a plain file, or a link to one that stays inside the folder. */
export async function isSharedFile(root: string, absolutePath: string): Promise<boolean> {
  try {
    const info = await lstat(absolutePath);
    if (!info.isSymbolicLink()) return info.isFile();
    return isInside(root, await realpath(absolutePath)) && (await stat(absolutePath)).isFile();
  } catch {
    return false;
  }
}

function unshareable(path: string): WorkspaceError {
  const parsed = parseSharedPath(path);
  const reason = parsed.ok ? '' : parsed.reason;
  return new WorkspaceError('io', path, `"${path}" is not shared: ${reason}. Rename it to share it.`);
}

function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
