import { comparablePath, pathOfCopy, withoutSuffixes } from './taken-paths.ts';

/** A path, as {@link comparablePath} says. */
type Key = string;

/** What may have changed of the paths that files have instead of those that they claim. */
export interface PathChanges {
  /** Those who had one before. */
  readonly before: ReadonlySet<string>;
  /** Those who have one now. */
  readonly now: ReadonlyMap<string, string>;
}

const NO_CHANGES: PathChanges = { before: new Set(), now: new Map() };

/**
 * Which path each file has when some claim the same: the first by id has it, the others a copy's, as `TakenPaths` gives
 * them to files one by one in the order of their ids. Only what a change can have a part in is looked at again.
 */
export class PathClashes {
  private readonly claimed = new Map<string, string>();
  /** Ids of those who claim a path, sorted. */
  private readonly claimants = new Map<Key, string[]>();
  /** Paths that several claim, by family: files can only be in the way of those of their own. */
  private readonly clashing = new Map<Key, Set<Key>>();
  /** Families to be settled anew. */
  private readonly unsettled = new Set<Key>();
  /** By family and file: paths other than those that were claimed. */
  private readonly given = new Map<Key, ReadonlyMap<string, string>>();

  /** Takes note of the path that a file claims now; undefined when it claims none. */
  claim(fileId: string, path: string | undefined): void {
    const before = this.claimed.get(fileId);
    if (before === path) return;
    if (before !== undefined) this.count(before, fileId, false);
    if (path === undefined) {
      this.claimed.delete(fileId);
      return;
    }
    this.claimed.set(fileId, path);
    this.count(path, fileId, true);
  }

  /** Decides on what was claimed since the last call. */
  settle(): PathChanges {
    if (this.unsettled.size === 0) return NO_CHANGES;
    const [before, now] = [new Set<string>(), new Map<string, string>()];
    for (const family of this.unsettled) {
      for (const fileId of this.given.get(family)?.keys() ?? []) before.add(fileId);
      const settled = this.settleFamily(this.clashing.get(family) ?? []);
      for (const [fileId, path] of settled) now.set(fileId, path);
      if (settled.size > 0) this.given.set(family, settled);
      else this.given.delete(family);
    }
    this.unsettled.clear();
    return { before, now };
  }

  private count(path: string, fileId: string, isClaimed: boolean): void {
    const key = comparablePath(path);
    const family = withoutSuffixes(key);
    if (this.clashing.has(family)) this.unsettled.add(family);
    const claimants = this.claimants.get(key) ?? [];
    const place = placeOf(fileId, claimants, 0);
    if (isClaimed) claimants.splice(place, 0, fileId);
    else claimants.splice(place, 1);
    if (claimants.length > 0) this.claimants.set(key, claimants);
    else this.claimants.delete(key);
    this.countClashes(family, key, claimants.length);
  }

  private countClashes(family: Key, key: Key, claimants: number): void {
    const clashing = this.clashing.get(family) ?? new Set();
    if (claimants > 1) {
      this.clashing.set(family, clashing.add(key));
      this.unsettled.add(family);
    } else if (clashing.delete(key) && clashing.size === 0) this.clashing.delete(family);
  }

  /** Files that do not get the path that they claim, with what they get. */
  private settleFamily(clashing: Iterable<Key>): ReadonlyMap<string, string> {
    const settled = new Map<string, string>();
    const copies = new Map<Key, number>();
    const taken = new Set<Key>();
    // In the order of their ids: whoever comes later finds taken what they got.
    const losers = [...clashing].flatMap((key) => this.claimants.get(key)?.slice(1) ?? []).sort();
    for (let turn = 0; turn < losers.length; turn++) {
      const fileId = losers[turn] ?? '';
      const path = this.claimed.get(fileId) ?? '';
      const key = comparablePath(path);
      for (let copy = (copies.get(key) ?? 1) + 1; ; copy++) {
        const candidate = pathOfCopy(path, copy);
        const compared = comparablePath(candidate);
        const [first] = this.claimants.get(compared) ?? [];
        // The first who claims it has it, unless somebody before them got it.
        if (taken.has(compared) || (first !== undefined && first < fileId)) continue;
        if (first !== undefined) losers.splice(placeOf(first, losers, turn + 1), 0, first);
        taken.add(compared);
        copies.set(key, copy);
        settled.set(fileId, candidate);
        break;
      }
    }
    return settled;
  }
}

/** Where `fileId` belongs in a sorted list, from `start` on. */
function placeOf(fileId: string, sorted: readonly string[], start: number): number {
  let [low, high] = [start, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < fileId) low = middle + 1;
    else high = middle;
  }
  return low;
}
