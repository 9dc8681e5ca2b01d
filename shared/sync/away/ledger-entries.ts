import { type AwayChange, type AwayPerson, isByBoth } from './away-summary.ts';
import type { StoredChange } from './stored-change.ts';

export const NO_SIZE = { inserted: 0, deleted: 0 };

/** Nothing is told of a text. */
export const NO_TEXT = {
  text: undefined,
  hasTexts: false,
  isWithoutBefore: false,
  theirs: NO_SIZE,
  mine: NO_SIZE,
  overlaps: [],
  undone: undefined,
} as const;

/** Nothing is told of a file yet. */
export function blank(fileId: string): StoredChange {
  return {
    fileId,
    path: fileId,
    list: undefined,
    ...NO_TEXT,
    people: [],
    listPeople: [],
    takenBack: undefined,
    isLookedAt: false,
    returnNumber: 0,
    since: undefined,
  };
}

/** The latest first. */
export function joinPeople(earlier: readonly AwayPerson[], later: readonly AwayPerson[]): readonly AwayPerson[] {
  const bySubject = new Map(earlier.map((person) => [person.subject, person]));
  for (const person of later) {
    const { firstMs, lastMs } = bySubject.get(person.subject) ?? person;
    bySubject.set(person.subject, {
      ...person,
      firstMs: Math.min(firstMs, person.firstMs),
      lastMs: Math.max(lastMs, person.lastMs),
    });
  }
  return [...bySubject.values()].toSorted((a, b) => b.lastMs - a.lastMs);
}

/** What a window is told of a change. */
export function withoutCursor({ since: _since, ...change }: StoredChange): AwayChange {
  return change;
}

/** Those of the last return first; of these, what both did, then by path. */
export function compareChanges(a: AwayChange, b: AwayChange): number {
  const [first, second] = [isByBoth(a) ? 0 : 1, isByBoth(b) ? 0 : 1];
  return b.returnNumber - a.returnNumber || first - second || (a.path < b.path ? -1 : 1);
}

/** What two changes of one file's place come to; undefined when it is as it was. */
export function joinListChanges(
  earlier: AwayChange['list'],
  later: NonNullable<AwayChange['list']>,
): AwayChange['list'] {
  if (!earlier) return later;
  if (earlier.kind === 'created') return later.kind === 'deleted' ? undefined : earlier;
  if (earlier.kind === 'removed') return later.kind === 'created' ? undefined : later;
  if (earlier.kind === 'deleted') return later.kind === 'created' ? { kind: 'replaced' } : later;
  if (earlier.kind === 'replaced' && later.kind === 'replaced') return earlier.isByBoth ? earlier : later;
  if (earlier.kind === 'renamed' && later.kind === 'renamed')
    return earlier.isByClash && later.isByClash ? earlier : { kind: 'renamed', from: earlier.from };
  if (earlier.kind === 'renamed' && later.kind !== 'deleted') return earlier;
  return later;
}
