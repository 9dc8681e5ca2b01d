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

  /** Resolves when everything that was queued so far has ended. */
  async whenIdle(): Promise<void> {
    await this.tail;
  }
}
