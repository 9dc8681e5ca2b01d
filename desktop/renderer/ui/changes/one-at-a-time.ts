/** Runs `task` when asked, never twice at once: what is asked for meanwhile is one further run. */
export class OneAtATime {
  private readonly task: () => Promise<void>;
  private isRunning = false;
  private isAskedAgain = false;
  private isEnded = false;

  /** `task` reports its failures itself. */
  constructor(task: () => Promise<void>) {
    this.task = task;
  }

  /** Runs the task now, or once more when the present run has ended. */
  run(): void {
    if (this.isEnded) return;
    if (this.isRunning) {
      this.isAskedAgain = true;
      return;
    }
    this.isRunning = true;
    void this.task().finally(() => {
      this.isRunning = false;
      if (!this.isAskedAgain) return;
      this.isAskedAgain = false;
      this.run();
    });
  }

  /** Nothing is run any more but what runs already. */
  end(): void {
    this.isEnded = true;
  }
}
