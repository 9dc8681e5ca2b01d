import { dirname, relative, sep } from 'node:path';
import type { BaseIndex } from './base-index.ts';
import { IGNORE_FILE, IgnoreRules } from './ignore-rules.ts';
import { isLinked } from './path-guard.ts';
import { locateOnDisk } from './path-kind.ts';
import type { SharedFiles } from './shared-files.ts';
import { walkFolder, type WalkedFile, type WalkOptions } from './walk-folder.ts';
import { WorkspaceError } from './workspace-error.ts';

export interface SortDiskPathsOptions {
  /** Real path of the folder. */
  readonly root: string;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly onProblem: WalkOptions['onProblem'];
}

/** What happened at some paths of the folder. */
export interface SortedDiskPaths {
  /** Files of the room. */
  readonly knownIds: ReadonlySet<string>;
  /** Files that may be taken into the room. */
  readonly found: readonly WalkedFile[];
}

/** Tells what lies at paths that something happened to. `rules` when a .gitignore is among them. */
export async function sortDiskPaths(
  paths: readonly string[],
  { root, files, bases, onProblem }: SortDiskPathsOptions,
): Promise<SortedDiskPaths | 'rules'> {
  if (paths.some((path) => path === IGNORE_FILE || path.endsWith(`/${IGNORE_FILE}`))) return 'rules';
  const listed = new Map(files.files.map(({ fileId, path }) => [path, fileId]));
  // When a folder is moved, the system may tell nothing of what lay in it, whatever is in its place now.
  const knownIds = new Set(findBelow(paths, bases));
  const found = new Map<string, WalkedFile>();
  const above = new RulesAbove(root, onProblem);
  const newNames = new Map<string, Set<string>>();
  for (const path of paths) {
    const fileId = bases.ownerOf(path) ?? listed.get(path);
    for (const respelledId of bases.ownersLike(path)) knownIds.add(respelledId);
    if (fileId !== undefined) knownIds.add(fileId);
    // Much may happen in a folder that is left out.
    else if (await above.leavesOutFolder(folderOf(path))) continue;
    const { kind, absolutePath } = await locateOnDisk(root, path);
    if (fileId !== undefined && kind !== 'folder') continue;
    if (kind !== 'file' && kind !== 'folder') continue;
    if ((await above.leavesOut(path, kind === 'folder')) || (await isLinked(root, path))) continue;
    const folder = onDisk(root, kind === 'folder' ? absolutePath : dirname(absolutePath));
    if (kind === 'folder') {
      for await (const batch of walkFolder({ rootRealPath: root, rules: above.rules, folder, onProblem })) {
        for (const file of batch) found.set(file.path, file);
      }
    } else {
      newNames.set(folder, (newNames.get(folder) ?? new Set()).add(path));
    }
  }
  for (const [folder, names] of newNames) {
    // The walk checks names and links; its first batch are the files of the folder itself.
    for await (const batch of walkFolder({ rootRealPath: root, rules: above.rules, folder, onProblem })) {
      for (const file of batch) if (names.has(file.path)) found.set(file.path, file);
      break;
    }
  }
  return { knownIds, found: [...found.values()] };
}

/** A folder relative to the root, as its names are on disk. */
function onDisk(root: string, absoluteFolder: string): string {
  return relative(root, absoluteFolder).split(sep).join('/');
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Ids of the files that were last seen below any of these paths. */
function* findBelow(paths: readonly string[], bases: BaseIndex): Generator<string> {
  const folders = new Set(paths);
  for (const { fileId, path } of bases.list()) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (!folders.has(path.slice(0, end))) continue;
      yield fileId;
      break;
    }
  }
}

class RulesAbove {
  readonly rules: IgnoreRules;
  /** Folders whose rules were read, and whether they could be. */
  private readonly read = new Map<string, boolean>();
  private readonly leftOut = new Map<string, boolean>();
  private readonly onProblem: WalkOptions['onProblem'];

  constructor(root: string, onProblem: WalkOptions['onProblem']) {
    this.rules = new IgnoreRules(root);
    this.onProblem = onProblem;
  }

  async leavesOut(path: string, isFolder: boolean): Promise<boolean> {
    if (await this.leavesOutFolder(folderOf(path))) return true;
    return this.rules.ignores(path, isFolder);
  }

  /** Whether a folder, '' for the root, is left out with all below it. */
  async leavesOutFolder(folder: string): Promise<boolean> {
    const known = this.leftOut.get(folder);
    if (known !== undefined) return known;
    const isLeftOut =
      (folder !== '' && (await this.leavesOut(folder, true))) ||
      // Without its rules nobody knows what may be shared.
      !(await this.readFolder(folder));
    this.leftOut.set(folder, isLeftOut);
    return isLeftOut;
  }

  private async readFolder(folder: string): Promise<boolean> {
    const known = this.read.get(folder);
    if (known !== undefined) return known;
    let isRead = true;
    try {
      await this.rules.readFolder(folder);
    } catch (error) {
      if (!(error instanceof WorkspaceError)) throw error;
      this.onProblem(error);
      isRead = false;
    }
    this.read.set(folder, isRead);
    return isRead;
  }
}
