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
  const rules = new RulesAbove(root, onProblem);
  for (const path of paths) {
    const fileId = bases.ownerOf(path) ?? listed.get(path);
    const { kind, absolutePath } = await locateOnDisk(root, path);
    if (fileId !== undefined) knownIds.add(fileId);
    if (fileId !== undefined && kind !== 'folder') continue;
    if (kind !== 'file' && kind !== 'folder') continue;
    if ((await rules.leavesOut(path, kind === 'folder')) || (await isLinked(root, path))) continue;
    const absoluteFolder = kind === 'folder' ? absolutePath : dirname(absolutePath);
    const folder = relative(root, absoluteFolder).split(sep).join('/');
    // The walk checks names and links.
    for await (const batch of walkFolder({ rootRealPath: root, rules: rules.rules, folder, onProblem })) {
      for (const file of batch) if (kind === 'folder' || file.path === path) found.set(file.path, file);
      if (kind === 'file') break;
    }
  }
  return { knownIds, found: [...found.values()] };
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
  private readonly onProblem: WalkOptions['onProblem'];

  constructor(root: string, onProblem: WalkOptions['onProblem']) {
    this.rules = new IgnoreRules(root);
    this.onProblem = onProblem;
  }

  async leavesOut(path: string, isFolder: boolean): Promise<boolean> {
    const segments = path.split('/');
    for (let depth = 1; depth <= segments.length; depth++) {
      const parent = segments.slice(0, depth - 1).join('/');
      // Without its rules nobody knows what may be shared.
      if (!(await this.readFolder(parent))) return true;
      if (this.rules.ignores(segments.slice(0, depth).join('/'), isFolder || depth < segments.length)) return true;
    }
    return false;
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
