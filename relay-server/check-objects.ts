import { setTimeout as pause } from 'node:timers/promises';
import { OperatorError } from './data-folder.ts';
import { LogFailure } from './log/log-failure.ts';
import { NO_MARK_YET, type ObjectsClaims, type ObjectsMark } from './log/objects-claim.ts';

interface ObjectsPlace {
  /** Undefined when they lie beside the database. */
  readonly mark: ObjectsMark | undefined;
  /** Its name in messages. */
  readonly place: string;
}

/** How long the start waits for the store's answers. */
const WITHIN_MS = 3_000;
/** Another node that starts for the first time has noted its mark and is about to write it. */
const FIRST_START_MS = 2_000;
const RETRY_MS = 200;

/**
 * Looks before a start whether the objects are where they are said to be. Rejects with an `OperatorError` or a
 * `LogFailure` when that is certainly not so; a store that does not answer may be back soon. `reportProblem` hears of
 * what may be meant so.
 */
export async function checkObjects(
  objects: ObjectsPlace,
  claims: ObjectsClaims,
  reportProblem: (error: unknown) => void,
): Promise<void> {
  const ended = new AbortController();
  const checked = check(objects, claims, reportProblem, ended.signal).finally(() => ended.abort());
  const late = pause(WITHIN_MS + FIRST_START_MS, undefined, { signal: ended.signal }).catch(() => undefined);
  await Promise.race([checked, late]);
  ended.abort();
}

async function check(
  { mark, place }: ObjectsPlace,
  claims: ObjectsClaims,
  reportProblem: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (!mark) {
      if (await claims.read()) reportProblem(wasElsewhere(place));
      return;
    }
    const untilMs = performance.now() + FIRST_START_MS;
    while ((await mark.read()) === undefined) {
      const claim = await claims.read();
      if (!claim) return;
      if (performance.now() >= untilMs) {
        // The first relay was killed before it wrote its mark: this one writes it.
        if (claim.current === NO_MARK_YET) return;
        throw isElsewhere(place);
      }
      await pause(RETRY_MS, undefined, { signal });
    }
  } catch (error) {
    if (signal.aborted || (error instanceof LogFailure && error.code === 'busy')) return;
    throw error;
  }
}

function isElsewhere(place: string): OperatorError {
  return new OperatorError(
    `The snapshots and segments of this database are not in ${place}. Give this relay the same --s3 as those that ` +
      'served it before. If they were moved there, or are lost, run once, with the options of this relay: take-over-objects',
  );
}

function wasElsewhere(place: string): OperatorError {
  return new OperatorError(
    `This database was served with a bucket before, and now with ${place}. Documents whose snapshots are in the bucket ` +
      'cannot be opened without it: name it with --s3.',
  );
}
