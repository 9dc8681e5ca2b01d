import type { AuthorRun, ChangingPerson, RoomChanges } from '../administration/room-changes.ts';
import type { SyncCursor } from '../offline-store.ts';
import type { AuthoredRange, AwayPerson } from './away-summary.ts';
import { StructRanges, type TextItem } from './text-items.ts';

/** Asks the relay who changed documents. */
export type ChangeAuthors = Pick<RoomChanges, 'read' | 'readAll'>;

/** Whether somebody is self, under whatever subject the relay let this device in. */
export type IsSelf = (subject: string) => boolean;

/** Runs of edits that are asked for at most, for one document. */
const MAX_PAGES = 8;
/** So much later than this device the relay may have noted what both were there for. */
export const SAME_CLOCK_TOLERANCE_MS = 2_000;

/** Others who changed something since `sinceMs`, by the relay's clock; the latest first. */
export function othersOf(people: readonly ChangingPerson[], isSelf: IsSelf, sinceMs: number): AwayPerson[] {
  return people
    .filter(({ subject, toMs }) => !isSelf(subject) && toMs >= sinceMs - SAME_CLOCK_TOLERANCE_MS)
    .map(({ subject, name, fromMs, toMs }) => ({ subject, name, firstMs: fromMs, lastMs: toMs }))
    .toSorted((a, b) => b.lastMs - a.lastMs);
}

/** What somebody wrote. */
export type Authorship = Pick<AuthorRun, 'subject' | 'name' | 'clients'>;

/** Who wrote what in a document since then, as far as it could be read. */
export interface ReadRuns {
  readonly runs: readonly AuthorRun[];
  /** They tell everything through this number: asking again after it goes on. */
  readonly throughSeq: number;
  readonly isComplete: boolean;
  /** The relay did not answer: asking again later can help. */
  readonly isUnanswered: boolean;
}

/** Asks who wrote what in a document since then. */
export async function readRuns(
  authors: ChangeAuthors,
  document: string,
  since: SyncCursor,
  { withDeletions = false } = {},
): Promise<ReadRuns> {
  const runs: AuthorRun[] = [];
  let throughSeq = since.seq;
  for (let page = 0; page < MAX_PAGES; page++) {
    const outcome = await authors.read({ document, epoch: since.epoch, afterSeq: throughSeq, withDeletions });
    // Names and colours are a help, no more: what changed is shown without them.
    if (!outcome.ok) return { runs, throughSeq, isComplete: false, isUnanswered: outcome.isTransient };
    const { value } = outcome;
    const isFurther = value.throughSeq > throughSeq;
    runs.push(...value.changes);
    throughSeq = Math.max(throughSeq, value.throughSeq);
    if (!value.isCut) return { runs, throughSeq, isComplete: true, isUnanswered: false };
    if (!isFurther) break;
  }
  return { runs, throughSeq, isComplete: false, isUnanswered: false };
}

/** What of a text others wrote. `items` are in its order. */
export function rangesOf(items: Iterable<TextItem>, runs: readonly Authorship[], isSelf: IsSelf): AuthoredRange[] {
  const structs = new StructRanges<Authorship>();
  for (const run of runs) for (const [client, from, to] of run.clients) structs.add(client, from, to, run);
  const ranges: AuthoredRange[] = [];
  let end = 0;
  for (const item of items) {
    // The first run that has a struct has brought it.
    for (const part of structs.within(item).toSorted((a, b) => a.start - b.start)) {
      const start = Math.max(part.start, end);
      if (start >= part.end) continue;
      end = part.end;
      const { subject, name } = part.value;
      if (isSelf(subject)) continue;
      const last = ranges.at(-1);
      if (last?.end === start && last.subject === subject) ranges[ranges.length - 1] = { ...last, end };
      else ranges.push({ start, end, subject, name });
    }
  }
  return ranges;
}
