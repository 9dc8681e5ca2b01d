/** Reads that take long: a few at once, and one at a time for each person. */
export class ReadingTurns {
  private readonly maxAtOnce: number;
  private readonly maxWaiting: number;
  /** The last read of each person, with how many there are. */
  private readonly people = new Map<string, { last: Promise<unknown>; count: number }>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(options: { readonly maxAtOnce: number; readonly maxOfPerson: number }) {
    this.maxAtOnce = options.maxAtOnce;
    this.maxWaiting = options.maxOfPerson;
  }

  /** Does `work` when it is its turn; gives undefined, without doing it, when the person waits for too much already. */
  async take<T>(person: string, work: () => Promise<T>): Promise<T | undefined> {
    const queue = this.people.get(person) ?? { last: Promise.resolve(), count: 0 };
    if (queue.count >= this.maxWaiting) return undefined;
    this.people.set(person, queue);
    queue.count++;
    const turn = queue.last.then(() => this.run(work));
    // One that failed is not in the way of the next.
    queue.last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      if (--queue.count === 0) this.people.delete(person);
    }
  }

  private async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.maxAtOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running++;
    try {
      return await work();
    } finally {
      // Who waits takes the place over.
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}
