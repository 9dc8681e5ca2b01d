/** Two paths that are one on a case-insensitive, Unicode-normalising file system compare equal. */
export function comparablePath(path: string): string {
  // Either alone tells some apart that such a file system does not: ς and σ, ß and ss, ſ and s, U+1E9E and ß.
  return path.normalize('NFD').toLowerCase().toUpperCase().normalize('NFC');
}

/** `path` with a suffix that tells a copy from others. */
export function pathOfCopy(path: string, copy: number): string {
  const end = endOfStem(path);
  return `${path.slice(0, end)} (${copy})${path.slice(end)}`;
}

/** `path` without the suffixes that {@link pathOfCopy} gives. */
export function withoutSuffixes(path: string): string {
  const end = endOfStem(path);
  const stem = path.slice(0, end);
  let start = end;
  for (let suffix = beginOfSuffix(stem, end); suffix < start; suffix = beginOfSuffix(stem, start)) start = suffix;
  return start === end ? path : stem.slice(0, start) + path.slice(end);
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
    for (let copy = (this.copies.get(claimed) ?? 1) + 1; ; copy++) {
      const candidate = pathOfCopy(path, copy);
      const compared = comparablePath(candidate);
      if (this.taken.has(compared)) continue;
      this.taken.add(compared);
      this.copies.set(claimed, copy);
      return candidate;
    }
  }
}

function endOfStem(path: string): number {
  const nameStart = path.lastIndexOf('/') + 1;
  const dot = path.lastIndexOf('.');
  return dot > nameStart ? dot : path.length;
}

/** Where a suffix that ends at `end` begins; `end` when there is none. */
function beginOfSuffix(stem: string, end: number): number {
  if (stem[end - 1] !== ')') return end;
  let digits = end - 1;
  while (isDigit(stem[digits - 1])) digits--;
  return digits < end - 1 && stem.slice(Math.max(0, digits - 2), digits) === ' (' ? digits - 2 : end;
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}
