import type { BackplaneMessage } from '../backplane/backplane.ts';
import type { DocumentAppended } from '../log/update-log.ts';
import type { PendingUpdate } from './group-commit.ts';

/** Tells the other nodes what a commit has brought to a document. */
export function toCommitNotice(
  document: string,
  updates: readonly PendingUpdate[],
  { epoch, headSeq, seqs }: DocumentAppended,
): BackplaneMessage {
  // The run that ends at the head is what is new; a repeated one keeps its old number.
  let first = seqs.length;
  while (first > 0 && seqs[first - 1] === headSeq - (seqs.length - first)) first--;
  return {
    kind: 'committed',
    document,
    epoch,
    fromSeq: headSeq - (seqs.length - first) + 1,
    origins: updates.slice(first).map(({ pendingId }) => pendingId),
  };
}
