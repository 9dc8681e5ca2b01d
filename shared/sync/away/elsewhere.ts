import { PROTOCOL_LIMITS } from '../../protocol/index.ts';
import type { HeadsAnswer } from '../head-questions.ts';
import type { SyncCursor } from '../offline-store.ts';
import type { AwayPerson } from './away-summary.ts';
import { type ChangeAuthors, type IsSelf, othersOf } from './change-authors.ts';

export interface ElsewhereQuestion {
  readonly authors: ChangeAuthors | undefined;
  readonly compareHeads: (cursors: readonly ({ readonly document: string } & SyncCursor)[]) => Promise<HeadsAnswer>;
  readonly isSelf: IsSelf;
  /** When this device lost touch, since the epoch, by the relay's clock. */
  readonly leftMs: number;
}

/** A document that stands elsewhere at the relay. */
export interface ChangedElsewhere {
  readonly document: string;
  /** Others who changed it since this device left; undefined when the relay does not tell. */
  readonly people: readonly AwayPerson[] | undefined;
  /** Nobody else has changed it since this device had it. */
  readonly isOwn: boolean;
}

export interface FoundElsewhere {
  readonly changed: readonly ChangedElsewhere[];
  /** Of these the relay could not tell now: they are to be asked for again. */
  readonly unanswered: ReadonlyMap<string, SyncCursor>;
}

const NONE: ReadonlyMap<string, SyncCursor> = new Map();

/** Which of the documents have changed since, and by whom. */
export async function findElsewhere(
  since: ReadonlyMap<string, SyncCursor>,
  { authors, compareHeads, isSelf, leftMs }: ElsewhereQuestion,
): Promise<FoundElsewhere> {
  if (since.size === 0) return { changed: [], unanswered: NONE };
  const cursors = [...since].map(([document, cursor]) => ({ document, ...cursor }));
  const told = await authors?.readAll(cursors.map(({ document, epoch, seq }) => ({ document, epoch, afterSeq: seq })));
  if (told?.ok) {
    const changed = told.value.map(({ document, people, isCut }) => {
      const others = othersOf(people, isSelf, leftMs);
      const isOwn = !isCut && people.length > 0 && people.every(({ subject }) => isSelf(subject));
      return { document, people: isCut && others.length === 0 ? undefined : others, isOwn };
    });
    return { changed, unanswered: NONE };
  }
  // Those who came for a part of the files are told which, not by whom.
  const changed: ChangedElsewhere[] = [];
  for (let next = 0; next < cursors.length; next += PROTOCOL_LIMITS.maxComparedDocuments) {
    const answer = await compareHeads(cursors.slice(next, next + PROTOCOL_LIMITS.maxComparedDocuments));
    if (answer.kind === 'later') return { changed, unanswered: new Map([...since].slice(next)) };
    // Without a connection, the next return asks.
    if (answer.kind === 'unavailable') break;
    changed.push(...answer.heads.map(({ document }) => ({ document, people: undefined, isOwn: false })));
  }
  return { changed, unanswered: NONE };
}
