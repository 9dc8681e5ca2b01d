import type { LaunchRequest } from './command-line.ts';

/** What the system asks the app for: kept until the app can answer, then passed on at once. */
export class LaunchQueue {
  private waiting: LaunchRequest[] = [];
  private answer: ((request: LaunchRequest) => void) | undefined;

  push(request: LaunchRequest): void {
    if (this.answer) this.answer(request);
    else this.waiting.push(request);
  }

  /** Takes the first that waits, if any: the app can start with it. */
  take(): LaunchRequest | undefined {
    return this.waiting.shift();
  }

  /** Passes on what waits, and from now on everything. */
  start(answer: (request: LaunchRequest) => void): void {
    this.answer = answer;
    const { waiting } = this;
    this.waiting = [];
    waiting.forEach(answer);
  }
}
