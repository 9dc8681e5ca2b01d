import type { MemberRecord, PeopleCursor, PeoplePage } from './access-directory.ts';

/** Somebody's newest session. */
export interface PersonHead extends PeopleCursor {
  readonly subject: string;
}

/** Whose sessions are on a page, in their order, and where it goes on. */
export interface ChosenPeople {
  readonly subjects: readonly string[];
  readonly next: PeopleCursor | undefined;
}

/** Before everybody. */
export const FIRST_PERSON: PeopleCursor = { lastSeenMs: Number.MAX_SAFE_INTEGER, lineageId: '' };

/**
 * Chooses those of a page of `limit` people. `heads` are the first `limit` after the last page, those seen last first;
 * `pinned` come before them, whenever they were seen.
 */
export function choosePeople(
  heads: readonly PersonHead[],
  limit: number,
  pinned: readonly string[] = [],
  after = FIRST_PERSON,
): ChosenPeople {
  const subjects = new Set(pinned.slice(0, limit));
  let last = after;
  let isCut = heads.length === limit;
  for (const { subject, lastSeenMs, lineageId } of heads) {
    if (!subjects.has(subject) && subjects.size >= limit) {
      isCut = true;
      break;
    }
    subjects.add(subject);
    last = { lastSeenMs, lineageId };
  }
  return { subjects: [...subjects], next: isCut ? last : undefined };
}

/** The page, with the sessions of those who were chosen; who has none is left out. */
export function toPeoplePage(
  { subjects, next }: ChosenPeople,
  sessions: readonly (MemberRecord & { readonly firstOfPersonMs: number })[],
): PeoplePage {
  const bySubject = Map.groupBy(sessions, ({ subject }) => subject);
  const people = subjects.flatMap((subject) => {
    const own = bySubject.get(subject) ?? [];
    const [first] = own;
    if (!first) return [];
    const listed = own.map(({ firstOfPersonMs: _firstOfPersonMs, ...session }) => session);
    return [{ firstSeenMs: first.firstOfPersonMs, sessions: listed }];
  });
  return { people, next };
}
