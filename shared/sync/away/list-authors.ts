import * as Y from 'yjs';
import { INDEX_DOCUMENT } from '../../workspace/index.ts';
import type { AuthorRun } from '../administration/room-changes.ts';
import type { SyncCursor } from '../offline-store.ts';
import type { AwayPerson } from './away-summary.ts';
import { type ChangeAuthors, readRuns } from './change-authors.ts';
import type { TrackedListChange } from './list-tracker.ts';
import { StructMap } from './struct-map.ts';

export interface ListAuthorsQuestion {
  readonly authors: ChangeAuthors;
  /** The list, as it is now. */
  readonly doc: Y.Doc;
  readonly since: SyncCursor;
  /** The person who asks. */
  readonly self: string | undefined;
}

/** Who made these changes of the list, as far as the relay tells. */
export async function findListAuthors(
  changes: readonly TrackedListChange[],
  { authors, doc, since, self }: ListAuthorsQuestion,
): Promise<ReadonlyMap<string, AwayPerson>> {
  const runs = await readRuns(authors, INDEX_DOCUMENT, since);
  const structs = new StructMap<AuthorRun>();
  for (const run of runs) for (const [client, from, to] of run.clients) structs.add(client, from, to, run);
  const others = runs.filter(({ subject }) => subject !== self);
  const isAlone = new Set(others.map(({ subject }) => subject)).size === 1;
  const [last] = others.toReversed();
  const found = new Map<string, AwayPerson>();
  for (const { fileId, change } of changes) {
    // What is deleted leaves no trace of who did it: it is known where only one has changed the list.
    const run = change.kind === 'deleted' ? isAlone && last : writerOf(doc, fileId, structs, change.kind);
    if (run && run.subject !== self) found.set(fileId, toPerson(run));
  }
  return found;
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
  const fields = entry instanceof Y.Map ? [...entry._map] : [];
  const runs = fields.flatMap(([name, { id }]) => {
    if ((name === 'path') !== (kind === 'renamed')) return [];
    return structs.at(id.client, id.clock).value ?? [];
  });
  return runs.toSorted((a, b) => b.toSeq - a.toSeq)[0];
}

function toPerson({ subject, name, fromMs, toMs }: AuthorRun): AwayPerson {
  return { subject, name, firstMs: fromMs, lastMs: toMs };
}
