/** Two paths that are one on a case-insensitive, Unicode-normalising file system compare equal. */
export function comparablePath(path: string): string {
  // Either alone tells some apart that such a file system does not: ς and σ, ß and ss, ſ and s, U+1E9E and ß.
  return path.normalize('NFD').toLowerCase().toUpperCase().normalize('NFC');
}

/** Gives every file a path of its own: who claims a taken one gets a suffix. */
export class TakenPaths {
  private readonly taken = new Set<string>();
  /** By claimed path: the copy that was given out last. */
  private readonly copies = new Map<string, number>();

  /** The path that the next one who claims `path` gets: `path` itself, unless it is taken in whatever case. */
  claim(path: string): string {
    const claimed = comparablePath(path);
    if (!this.taken.has(claimed)) {
      this.taken.add(claimed);
      return path;
    }
    const nameStart = path.lastIndexOf('/') + 1;
    const dot = path.lastIndexOf('.');
    const end = dot > nameStart ? dot : path.length;
    for (let copy = (this.copies.get(claimed) ?? 1) + 1; ; copy++) {
      const candidate = `${path.slice(0, end)} (${copy})${path.slice(end)}`;
      const compared = comparablePath(candidate);
      if (this.taken.has(compared)) continue;
      this.taken.add(compared);
      this.copies.set(claimed, copy);
      return candidate;
    }
  }
}
