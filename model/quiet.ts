import type { ManualScheduler } from '../shared/testing/manual-scheduler.ts';

const STEP_MS = 5;
const LONGEST_MS = 10 * 60_000;
/** What the system does for a process: while none of it is under way, only the clock can bring anything about. */
const WORK = new Set(['FSReqPromise', 'FSReqCallback', 'CloseReq', 'FileHandleCloseReq', 'ProcessWrap']);

/** Resolves when nothing is being read or written any more, and all that follows from it without time is done. */
export async function whenQuiet(): Promise<void> {
  for (let quietTurns = 0; quietTurns < 3;) {
    await new Promise((resolve) => setImmediate(resolve));
    quietTurns = process.getActiveResourcesInfo().some((kind) => WORK.has(kind)) ? 0 : quietTurns + 1;
  }
}

/** Lets time pass until a task has come to its end. Rejects with its error, or when it takes for ever. */
export async function whileTimePasses<T>(scheduler: ManualScheduler, task: Promise<T>, what: string): Promise<T> {
  let isDone = false;
  const noticed = task.finally(() => {
    isDone = true;
  });
  noticed.catch(() => undefined);
  for (let waitedMs = 0; ; waitedMs += STEP_MS) {
    await whenQuiet();
    if (isDone) return noticed;
    if (waitedMs > LONGEST_MS) throw new Error(`it does not come to its end: ${what}`);
    scheduler.advance(STEP_MS);
  }
}
