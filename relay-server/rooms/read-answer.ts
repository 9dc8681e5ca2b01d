import * as Y from 'yjs';
import type { DocumentHead, DocumentKey } from '../log/update-log.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { KnownClocks } from './known-clocks.ts';
import {
  type ClientHas,
  type CommittedSource,
  judgeLacking,
  type Lacking,
  lackingByStateVector,
  readLacking,
} from './read-committed.ts';
import { type SyncContent, type SyncPart, toSyncContent } from './sync-part.ts';

/**
 * What a client is sent of a document that stands `at` and has `clocks`. Rejects with a `LogFailure` when it cannot be
 * read.
 */
export async function readAnswer(
  source: CommittedSource & { readonly answers: AnswerCache },
  at: DocumentKey & DocumentHead,
  clocks: KnownClocks,
  client: ClientHas,
  canInflate: boolean,
): Promise<readonly SyncContent[]> {
  const read = (lacking: Lacking) =>
    source.answers.obtain(at, lacking, () => readLacking(source, at, at.headSeq, lacking));
  const lacking = judgeLacking({ epoch: at.epoch, seq: at.headSeq }, client);
  let parts = await read(lacking);
  // A cursor may be of a time before an older copy of the log was restored.
  if (lacking.kind === 'tail' && !isComplete(clocks, client, parts)) parts = await read(lackingByStateVector(client));
  return Promise.all(parts.map((part) => toSyncContent(part, canInflate)));
}

function isComplete(clocks: KnownClocks, { stateVector }: ClientHas, parts: readonly SyncPart[]): boolean {
  // One that does not say what it has must be believed.
  if (stateVector.byteLength === 0) return true;
  const gets = parts.flatMap(({ ranges = [] }) => ranges);
  return clocks.isCoveredBy(Y.decodeStateVector(stateVector), gets);
}
