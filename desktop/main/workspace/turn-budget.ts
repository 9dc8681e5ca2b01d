import { setImmediate as nextTurn } from 'node:timers/promises';

const TURN_MS = 5;

/** Lets everything else have its turn every few milliseconds within long work. */
export class TurnBudget {
  private startedMs = performance.now();

  /** To be awaited between two pieces of the work. */
  async pause(): Promise<void> {
    if (performance.now() - this.startedMs < TURN_MS) return;
    await nextTurn();
    this.startedMs = performance.now();
  }
}
