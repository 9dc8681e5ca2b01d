import { LogFailure } from '../log/log-failure.ts';
import type { DocumentKey, LoggedUpdate, UpdateLog } from '../log/update-log.ts';

/** Small, since appends may wait while one is read. */
const PAGE_UPDATES = 1_000;
const PAGE_BYTES = 1024 * 1024;

/**
 * Reads a document's updates from `fromSeq` through `toSeq`, in order and without a gap, with their authors and times,
 * from wherever `log` has them. Throws a {@link LogFailure}, with `corrupted` when one is missing.
 */
export async function* readRange(
  log: Pick<UpdateLog, 'readUpdates'>,
  key: DocumentKey,
  fromSeq: number,
  toSeq: number,
): AsyncGenerator<LoggedUpdate> {
  let reached = fromSeq - 1;
  while (reached < toSeq) {
    const throughSeq = Math.min(toSeq, reached + PAGE_UPDATES);
    const page = await log.readUpdates(key, { afterSeq: reached, throughSeq, maxBytes: PAGE_BYTES, isPatient: true });
    if (page[0]?.seq !== reached + 1) {
      const what = `Update ${reached + 1} of the document ${key.document} in room ${key.room}`;
      throw new LogFailure('corrupted', `${what} is missing from the log.`);
    }
    for (const update of page) {
      // What lies beyond a gap comes with the next page, or does not.
      if (update.seq !== reached + 1) break;
      reached = update.seq;
      yield update;
    }
  }
}
