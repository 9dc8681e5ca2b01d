/** Runs asynchronous tasks one after the other. */
export class SerialQueue {
  private tail: Promise<void> = Promise.resolve();

  /** Resolves or rejects with the task; a failed task does not stop those behind it. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.tail.then(task);
    this.tail = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** Resolves when everything that was queued so far has ended, with all that it queued itself. */
  async whenIdle(): Promise<void> {
    for (let tail: Promise<void> | undefined; tail !== this.tail;) {
      tail = this.tail;
      await tail;
    }
  }
}
