import { setTimeout as pause } from 'node:timers/promises';

/** Calls `act` `count` times, evenly spread, so many times a second. What is late is made up for at once. */
export async function paceEvenly(count: number, perSecond: number, act: (index: number) => void): Promise<void> {
  const startMs = performance.now();
  for (let done = 0; done < count;) {
    const due = Math.min(count, Math.floor(((performance.now() - startMs) * perSecond) / 1_000) + 1);
    for (; done < due; done++) act(done);
    await pause(1);
  }
}

/** Waits until `isDone`; rejects with `describe()` after `withinMs`. */
export async function waitUntil(isDone: () => boolean, withinMs: number, describe: () => string): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!isDone()) {
    if (performance.now() > deadlineMs) throw new Error(`${describe()} after ${withinMs} ms`);
    await pause(1);
  }
}
