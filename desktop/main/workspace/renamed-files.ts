/** A file of the room that is gone from where it lay in the folder. */
export interface GoneFile {
  readonly fileId: string;
  readonly path: string;
  /** SHA-256 of what it had. */
  readonly hash: string;
  /** It had no character: many such files have nothing to do with each other. */
  readonly isEmpty: boolean;
}

/** A file that was found in the folder and that the room does not list. */
export interface FoundContent {
  readonly path: string;
  /** SHA-256 of what it has. */
  readonly hash: string;
}

/** All that are left of one content. Both in the order of their paths. */
interface Alike {
  readonly isEmpty: boolean;
  readonly gone: Set<GoneFile>;
  readonly found: Map<string, FoundContent>;
}

/** Gives what two files have in common that may be one. `isUnused`: no file that is known lies in the folder any more, or yet. */
type Trait = (path: string, isUnused: boolean) => string;

/** Where a file of a folder went, files of the same content in it may have gone to so many places. */
const MAX_PLACES = 4;

const BY_CONTENT: Trait = () => '';
const BY_NAME: Trait = (path) => nameOf(path);
/** Of files that nothing else tells apart: what is likely first. */
const TRAITS_WITH_NAME: readonly Trait[] = [
  (path, isUnused) => `${isUnused} ${nameOf(path)}/${folderOf(folderOf(path))}`,
  (path, isUnused) => `${isUnused} ${nameOf(path)}/${nameOf(folderOf(path))}`,
  (path, isUnused) => `${isUnused} ${nameOf(path)}`,
  BY_NAME,
];
const OTHER_TRAITS: readonly Trait[] = [(path) => folderOf(path), (_path, isUnused) => String(isUnused), BY_CONTENT];

/**
 * Tells which file each new one is under another name: by its content, and where several have the same, by where the
 * others of its folder went, then by its name, then in the order of their paths. Gives ids by the new path. `isInUse`:
 * whether a file that is still there lies anywhere below a folder.
 */
export function matchRenames(
  gone: readonly GoneFile[],
  found: readonly FoundContent[],
  isInUse: (folder: string) => boolean,
): ReadonlyMap<string, string> {
  const matching = new RenameMatching(isInUse);
  const groups = groupAlike(gone, found);
  const withContent = groups.filter(({ isEmpty }) => !isEmpty);
  for (const alike of withContent) matching.pair(alike, BY_CONTENT, true);
  for (const alike of groups) matching.follow(alike);
  for (const alike of withContent) matching.pair(alike, BY_NAME, true);
  for (const alike of groups) {
    matching.follow(alike);
    for (const trait of TRAITS_WITH_NAME) matching.pair(alike, trait, false);
    for (const trait of alike.isEmpty ? [] : OTHER_TRAITS) matching.pair(alike, trait, false);
  }
  return matching.renamed;
}

class RenameMatching {
  readonly renamed = new Map<string, string>();
  private readonly ways = new FolderWays();
  private readonly isInUse: (folder: string) => boolean;

  constructor(isInUse: (folder: string) => boolean) {
    this.isInUse = isInUse;
  }

  /** Pairs files of one trait in the order of their paths. `isSure`: only where no other has it. */
  pair(alike: Alike, trait: Trait, isSure: boolean): void {
    if (alike.gone.size === 0 || alike.found.size === 0) return;
    const goneBy = groupBy(alike.gone, ({ path }) => this.traitOf(path, trait));
    const foundBy = groupBy(alike.found.values(), ({ path }) => this.traitOf(path, trait));
    for (const [key, gone] of goneBy) {
      const found = foundBy.get(key) ?? [];
      if (isSure && (gone.length > 1 || found.length > 1)) continue;
      for (const [position, file] of gone.entries()) {
        const to = found[position];
        if (to) this.settle(alike, file, to);
      }
    }
  }

  /** Pairs files with those that are where others of their folder went. */
  follow(alike: Alike): void {
    if (alike.gone.size === 0 || alike.found.size === 0) return;
    const places = [...alike.gone].flatMap((file) =>
      this.ways.placesOf(file.path).map((place) => ({ file, ...place })),
    );
    places.sort((a, b) => a.levels - b.levels || b.files - a.files);
    for (const { file, path } of places) {
      const to = alike.found.get(path);
      if (to && alike.gone.has(file)) this.settle(alike, file, to);
    }
  }

  private settle(alike: Alike, file: GoneFile, { path }: FoundContent): void {
    alike.gone.delete(file);
    alike.found.delete(path);
    this.renamed.set(path, file.fileId);
    this.ways.add(file.path, path);
  }

  private traitOf(path: string, trait: Trait): string {
    return trait(path, !this.isInUse(folderOf(path)));
  }
}

interface Place {
  readonly path: string;
  /** How far above the file the folder is that went this way. */
  readonly levels: number;
  /** How many files of that folder did. */
  readonly files: number;
}

/** Where the files of folders went. */
class FolderWays {
  /** How many files went from one folder to another, at the same path below. */
  private readonly counts = new Map<string, Map<string, number>>();
  /** Where most of the files of a folder went, those first. */
  private readonly usual = new Map<string, readonly string[]>();

  add(fromPath: string, toPath: string): void {
    let [from, to] = [folderOf(fromPath), folderOf(toPath)];
    for (;;) {
      if (from === to) return;
      this.count(from, to);
      if (from === '' || nameOf(from) !== nameOf(to)) return;
      [from, to] = [folderOf(from), folderOf(to)];
    }
  }

  /** Where a file would be had it gone with others. */
  placesOf(path: string): readonly Place[] {
    const places: Place[] = [];
    let folder = path;
    for (let levels = 0; folder !== ''; levels++) {
      folder = folderOf(folder);
      const below = folder === '' ? path : path.slice(folder.length + 1);
      for (const to of this.usual.get(folder) ?? []) {
        const files = this.counts.get(folder)?.get(to) ?? 0;
        places.push({ path: to === '' ? below : `${to}/${below}`, levels, files });
      }
    }
    return places;
  }

  private count(from: string, to: string): void {
    const ways = this.counts.get(from) ?? new Map<string, number>();
    this.counts.set(from, ways.set(to, (ways.get(to) ?? 0) + 1));
    const usual = new Set([...(this.usual.get(from) ?? []), to]);
    const byFiles = [...usual].sort((a, b) => (ways.get(b) ?? 0) - (ways.get(a) ?? 0));
    this.usual.set(from, byFiles.slice(0, MAX_PLACES));
  }
}

/** What few have in common comes first: it tells most. */
function groupAlike(gone: readonly GoneFile[], found: readonly FoundContent[]): readonly Alike[] {
  const foundBy = groupBy(found.toSorted(byPath), ({ hash }) => hash);
  const goneBy = groupBy(gone.toSorted(byPath), ({ hash }) => hash);
  const groups: Alike[] = [];
  for (const [hash, files] of goneBy) {
    const alike = foundBy.get(hash);
    if (hash === '' || !alike) continue;
    const isEmpty = files.some((file) => file.isEmpty);
    groups.push({ isEmpty, gone: new Set(files), found: new Map(alike.map((file) => [file.path, file])) });
  }
  return groups.sort((a, b) => Number(a.isEmpty) - Number(b.isEmpty) || sizeOf(a) - sizeOf(b));
}

function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function sizeOf({ gone, found }: Alike): number {
  return gone.size + found.size;
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : 1;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
