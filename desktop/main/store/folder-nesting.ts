import { statSync } from 'node:fs';
import { dirname, sep } from 'node:path';

/** A folder, to be compared with others. */
export interface PlacedFolder {
  /** Real path. */
  readonly folder: string;
  /** What the folder and those above it are, from itself up, however they are spelled; empty where that is not known. */
  readonly places: readonly string[];
}

/** How one folder lies to another. */
export type Nesting = 'same' | 'within' | 'above';

/** What a folder is, given by its real path, to be compared with others. */
export function placeFolder(folder: string): PlacedFolder {
  const places = [identify(folder)];
  for (let inner = folder, outer = dirname(folder); outer !== inner; inner = outer, outer = dirname(outer)) {
    places.push(identify(outer));
  }
  return { folder, places };
}

/** How `one` lies to `other`: they may be taken at the same time when it is undefined. */
export function nestingOf(one: PlacedFolder, other: PlacedFolder): Nesting | undefined {
  if (one.folder === other.folder || isSame(one, other)) return 'same';
  if (isWithin(one, other)) return 'within';
  return isWithin(other, one) ? 'above' : undefined;
}

function isSame({ places: [one] }: PlacedFolder, { places: [other] }: PlacedFolder): boolean {
  return one !== '' && one === other;
}

function isWithin(inner: PlacedFolder, outer: PlacedFolder): boolean {
  const [place = ''] = outer.places;
  const start = outer.folder.endsWith(sep) ? outer.folder : outer.folder + sep;
  return inner.folder.startsWith(start) || (place !== '' && inner.places.includes(place));
}

function identify(folder: string): string {
  try {
    const { dev, ino } = statSync(folder, { bigint: true });
    // A disk without such numbers says 0 for all.
    return ino === 0n ? '' : `${dev}:${ino}`;
  } catch {
    return '';
  }
}
