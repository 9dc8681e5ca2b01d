import { comparablePath, type SharedFile } from '../../../shared/workspace/index.ts';
import { findFreePath } from './blocked-files.ts';
import type { DiskMeans } from './disk-changes.ts';
import type { MirrorPolicy } from './mirror-policy.ts';
import type { ProblemBoard } from './problem-board.ts';
import type { SharedFiles } from './shared-files.ts';

export interface NestedNamesOptions {
  readonly means: DiskMeans;
  readonly files: SharedFiles;
  readonly policy: MirrorPolicy;
  readonly problems: ProblemBoard;
  readonly nowMs: () => number;
}

/** While a folder takes the place of a file, the room has both for a moment: only what stays so is nobody's intention. */
const LASTING_MS = 5_000;
/** What was not seen for so long has been settled meanwhile. */
const FORGOTTEN_MS = 20_000;

interface Seen {
  readonly path: string;
  readonly sinceMs: number;
  readonly lastMs: number;
}

/**
 * Files of the room that have the name of a folder of others, as when one was made here and the others elsewhere: no disk
 * can hold both.
 */
export class NestedNames {
  private readonly options: NestedNamesOptions;
  private readonly seen = new Map<string, Seen>();
  private names: { readonly files: readonly SharedFile[]; readonly byKey: ReadonlyMap<string, SharedFile> } | undefined;

  constructor(options: NestedNamesOptions) {
    this.options = options;
  }

  /**
   * Of two such files, one of which is this and could not be written for the other, gives the one with a folder's name
   * another in the room. Resolves to its id; undefined when there are no such two, or not for long enough.
   */
  async settle(file: SharedFile): Promise<string | undefined> {
    const { means, files, policy, problems } = this.options;
    const outer = this.findNamedAsFolder(file);
    if (!outer || !policy.takesFiles || !this.isLasting(outer)) return undefined;
    const { fileId, path } = outer;
    const free = await findFreePath(means.root, path, { blocker: path, kind: 'folder' }, files);
    if (files.get(fileId)?.path !== path || !files.canKeep(fileId)) return undefined;
    this.seen.delete(fileId);
    files.update(fileId, { path: free });
    problems.tell({
      id: `nested:${fileId}`,
      severity: 'warning',
      path: free,
      fileId,
      title: `${path} was a file and a folder in the room.`,
      detail: `One was made while the other was changed elsewhere. The file is beside the folder now, as ${free}.`,
    });
    return fileId;
  }

  private findNamedAsFolder({ fileId, path }: SharedFile): SharedFile | undefined {
    const byKey = this.listNames();
    const key = comparablePath(path);
    for (let end = key.indexOf('/'); end > 0; end = key.indexOf('/', end + 1)) {
      const above = byKey.get(key.slice(0, end));
      if (above) return above;
    }
    return byKey.get(key)?.fileId === fileId ? byKey.get(key) : undefined;
  }

  /** The files that have the name of a folder of others, by comparable path. */
  private listNames(): ReadonlyMap<string, SharedFile> {
    const { files } = this.options.files;
    if (this.names?.files === files) return this.names.byKey;
    const folders = new Set<string>();
    const keys = files.map(({ path }) => comparablePath(path));
    for (const key of keys) {
      for (let end = key.lastIndexOf('/'); end > 0; end = key.lastIndexOf('/', end - 1)) {
        const folder = key.slice(0, end);
        if (folders.has(folder)) break;
        folders.add(folder);
      }
    }
    const named = files.flatMap((file, position): [string, SharedFile][] => {
      const key = keys[position] ?? '';
      return folders.has(key) ? [[key, file]] : [];
    });
    this.names = { files, byKey: new Map(named) };
    return this.names.byKey;
  }

  private isLasting({ fileId, path }: SharedFile): boolean {
    const lastMs = this.options.nowMs();
    const seen = this.seen.get(fileId);
    const isSame = seen?.path === path && lastMs >= seen.lastMs && lastMs - seen.lastMs < FORGOTTEN_MS;
    const sinceMs = isSame ? seen.sinceMs : lastMs;
    this.seen.set(fileId, { path, sinceMs, lastMs });
    return lastMs - sinceMs >= LASTING_MS;
  }
}
