import type { SharedFile } from './index-document.ts';
import { comparablePath, TakenPaths } from './taken-paths.ts';

/** Files by id and by path. What has not changed is not looked at again: long lists change often, and little at a time. */
export class ListedFiles {
  /** With the paths that they claim. */
  private readonly claiming = new Map<string, SharedFile>();
  /** How many files claim a path, by {@link comparablePath}. */
  private readonly claims = new Map<string, number>();
  /** How many files claim a path that another claims as well. */
  private clashes = 0;
  /** Undefined: to be sorted from the beginning. */
  private sorted: readonly SharedFile[] | undefined;
  private readonly unsorted = new Set<string>();
  /** While paths clash: the files with the paths that they have. */
  private settled: ReadonlyMap<string, SharedFile> | undefined;

  /** Sorted by path; of those that claim one path, all but the first by id have a suffix. The same array until a change. */
  get files(): readonly SharedFile[] {
    if (this.clashes > 0) this.settle();
    else this.sort();
    return this.sorted ?? [];
  }

  get(fileId: string): SharedFile | undefined {
    if (this.clashes === 0) return this.claiming.get(fileId);
    this.settle();
    return this.settled?.get(fileId);
  }

  /** Takes note of a file as it is now; undefined when it is not listed. */
  set(fileId: string, file: SharedFile | undefined): void {
    const before = this.claiming.get(fileId);
    if (before?.path !== file?.path) {
      if (before) this.count(before.path, -1);
      if (file) this.count(file.path, 1);
    }
    if (file) this.claiming.set(fileId, file);
    else this.claiming.delete(fileId);
    this.unsorted.add(fileId);
    if (this.settled) this.sorted = undefined;
    this.settled = undefined;
  }

  private count(path: string, step: 1 | -1): void {
    const key = comparablePath(path);
    const before = this.claims.get(key) ?? 0;
    const after = before + step;
    if (after > 0) this.claims.set(key, after);
    else this.claims.delete(key);
    this.clashes += Math.max(0, after - 1) - Math.max(0, before - 1);
  }

  private sort(): void {
    if (this.sorted && this.unsorted.size === 0) return;
    const kept = this.sorted?.filter(({ fileId }) => !this.unsorted.has(fileId)) ?? [];
    const added = this.sorted
      ? [...this.unsorted].flatMap((id) => this.claiming.get(id) ?? [])
      : this.claiming.values();
    this.sorted = [...kept, ...added].sort(byPath);
    this.unsorted.clear();
  }

  private settle(): void {
    if (this.settled) return;
    const taken = new TakenPaths();
    const settled = [...this.claiming.values()].sort(byId).map((file) => {
      const path = taken.claim(file.path);
      return path === file.path ? file : { ...file, path };
    });
    this.settled = new Map(settled.map((file) => [file.fileId, file]));
    this.sorted = settled.sort(byPath);
    this.unsorted.clear();
  }
}

function byPath(a: SharedFile, b: SharedFile): number {
  return a.path < b.path ? -1 : 1;
}

function byId(a: SharedFile, b: SharedFile): number {
  return a.fileId < b.fileId ? -1 : 1;
}
