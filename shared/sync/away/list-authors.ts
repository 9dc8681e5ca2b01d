import * as Y from 'yjs';
import { blobOfField, INDEX_DOCUMENT, readListedContent } from '../../workspace/index.ts';
import type { AuthorRun } from '../administration/room-changes.ts';
import type { SyncCursor } from '../offline-store.ts';
import type { AwayPerson } from './away-summary.ts';
import { type ChangeAuthors, type IsSelf, readRuns } from './change-authors.ts';
import type { TrackedListChange } from './list-tracker.ts';
import { StructMap } from './struct-map.ts';

export interface ListAuthorsQuestion {
  readonly authors: ChangeAuthors;
  /** The list, as it is now. */
  readonly doc: Y.Doc;
  readonly since: SyncCursor;
  readonly isSelf: IsSelf;
}

export interface ListAuthors {
  /** Others, by the file. */
  readonly people: ReadonlyMap<string, AwayPerson>;
  /** Files whose place self alone has changed, on another device. */
  readonly own: ReadonlySet<string>;
  /** The relay has told of nobody: it cannot now, or has not stored yet what it passed on. */
  readonly isUnanswered: boolean;
}

/** Who made these changes of the list, as far as the relay tells. */
export async function findListAuthors(
  changes: readonly TrackedListChange[],
  { authors, doc, since, isSelf }: ListAuthorsQuestion,
): Promise<ListAuthors> {
  const { runs, isComplete } = await readRuns(authors, INDEX_DOCUMENT, since, { withDeletions: true });
  const [structs, deletions] = [new StructMap<AuthorRun>(), new StructMap<AuthorRun>()];
  for (const run of runs) for (const [client, from, to] of run.clients) structs.add(client, from, to, run);
  for (const run of runs) for (const [client, from, to] of run.deleted ?? []) deletions.add(client, from, to, run);
  const others = runs.filter(({ subject }) => !isSelf(subject));
  const isAlone = new Set(others.map(({ subject }) => subject)).size === 1;
  const [last] = others.toReversed();
  const hasDeletions = runs.some(({ deleted }) => deleted !== undefined);
  const isAllOwn = isComplete && runs.length > 0 && others.length === 0;
  const people = new Map<string, AwayPerson>();
  const own = new Set<string>();
  for (const { fileId, change } of changes) {
    // A relay that does not tell who deleted something: it is known where only one has changed the list.
    const run =
      change.kind === 'deleted'
        ? (deleterOf(doc, fileId, deletions) ?? (isAlone && !hasDeletions ? last : undefined))
        : writerOf(doc, fileId, structs, change.kind);
    if (run && !isSelf(run.subject)) people.set(fileId, toPerson(run));
    else if (run || isAllOwn) own.add(fileId);
  }
  return { people, own, isUnanswered: runs.length === 0 };
}

function deleterOf(doc: Y.Doc, fileId: string, deletions: StructMap<AuthorRun>): AuthorRun | undefined {
  const item = doc.getMap('files')._map.get(fileId);
  return item?.deleted ? deletions.at(item.id.client, item.id.clock).value : undefined;
}

function writerOf(
  doc: Y.Doc,
  fileId: string,
  structs: StructMap<AuthorRun>,
  kind: TrackedListChange['change']['kind'],
): AuthorRun | undefined {
  const entries = doc.getMap('files');
  const item = entries._map.get(fileId);
  if (!item || kind === 'created') return item && structs.at(item.id.client, item.id.clock).value;
  const entry = entries.get(fileId);
  if (!(entry instanceof Y.Map)) return undefined;
  const counted = readListedContent(entry)?.blob;
  const runs = [...entry._map].flatMap(([name, { id }]) => {
    if ((name === 'path') !== (kind === 'renamed')) return [];
    // Of several contents that were brought, it is the one that counts.
    const blob = blobOfField(name);
    if (blob !== undefined && blob !== counted) return [];
    return structs.at(id.client, id.clock).value ?? [];
  });
  return runs.toSorted((a, b) => b.toSeq - a.toSeq)[0];
}

function toPerson({ subject, name, fromMs, toMs }: AuthorRun): AwayPerson {
  return { subject, name, firstMs: fromMs, lastMs: toMs };
}
