import type { SharedFile } from './index-document.ts';
import { PathClashes } from './path-clashes.ts';

/** Files by id and by path. What has not changed is not looked at again: long lists change often, and little at a time. */
export class ListedFiles {
  /** With the paths that they claim. */
  private readonly claiming = new Map<string, SharedFile>();
  private readonly clashes = new PathClashes();
  /** With the paths that they have: those that have another than they claim. */
  private readonly renamed = new Map<string, SharedFile>();
  /** Undefined: to be sorted from the beginning. */
  private sorted: readonly SharedFile[] | undefined;
  private readonly unsorted = new Set<string>();

  /** Sorted by path; of those that claim one path, all but the first by id have a suffix. The same array until a change. */
  get files(): readonly SharedFile[] {
    this.settle();
    this.sorted = this.sort();
    this.unsorted.clear();
    return this.sorted;
  }

  get(fileId: string): SharedFile | undefined {
    this.settle();
    return this.renamed.get(fileId) ?? this.claiming.get(fileId);
  }

  /** Takes note of a file as it is now; undefined when it is not listed. */
  set(fileId: string, file: SharedFile | undefined): void {
    this.clashes.claim(fileId, file?.path);
    if (file) this.claiming.set(fileId, file);
    else this.claiming.delete(fileId);
    const path = this.renamed.get(fileId)?.path;
    // Whether it keeps that path is decided with the others.
    if (file && path !== undefined) this.renamed.set(fileId, { ...file, path });
    this.unsorted.add(fileId);
  }

  private settle(): void {
    const { before, now } = this.clashes.settle();
    for (const fileId of before) {
      if (now.has(fileId)) continue;
      this.renamed.delete(fileId);
      this.unsorted.add(fileId);
    }
    for (const [fileId, path] of now) {
      const file = this.claiming.get(fileId);
      if (!file || this.renamed.get(fileId)?.path === path) continue;
      this.renamed.set(fileId, { ...file, path });
      this.unsorted.add(fileId);
    }
  }

  private sort(): readonly SharedFile[] {
    if (this.sorted && this.unsorted.size === 0) return this.sorted;
    const kept = this.sorted?.filter(({ fileId }) => !this.unsorted.has(fileId)) ?? [];
    const added = [...(this.sorted ? this.unsorted : this.claiming.keys())]
      .flatMap((fileId) => this.get(fileId) ?? [])
      .sort(byPath);
    return kept.length > 0 ? insert(added, kept) : added;
  }
}

/** Both are sorted; `added` are few. */
function insert(added: readonly SharedFile[], kept: readonly SharedFile[]): readonly SharedFile[] {
  const pieces: (readonly SharedFile[])[] = [];
  let start = 0;
  for (const file of added) {
    let [low, high] = [start, kept.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((kept[middle]?.path ?? '') < file.path) low = middle + 1;
      else high = middle;
    }
    pieces.push(kept.slice(start, low), [file]);
    start = low;
  }
  return [...pieces, kept.slice(start)].flat();
}

function byPath(a: SharedFile, b: SharedFile): number {
  return a.path < b.path ? -1 : 1;
}
