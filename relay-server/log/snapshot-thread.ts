import { type ResourceLimits, Worker } from 'node:worker_threads';
import { type Disposable, errorMessage, type Scheduler, toDisposable } from '../../shared/lifecycle/index.ts';
import { packParts, type SnapshotCommand, type SnapshotReply } from './snapshot-messages.ts';

/** A document of which no snapshot can be made. `message` says why, for the operator. */
export class SnapshotFailure extends Error {
  /** The update that cannot be applied, counted from 0. */
  readonly partIndex: number | undefined;

  constructor(message: string, options?: ErrorOptions & { readonly partIndex?: number }) {
    super(message, options);
    this.name = 'SnapshotFailure';
    this.partIndex = options?.partIndex;
  }
}

export interface SnapshotThreadOptions {
  readonly scheduler: Scheduler;
  /** How long one snapshot may keep the thread busy. */
  readonly timeoutMs: number;
  readonly resourceLimits: ResourceLimits;
}

interface Asked {
  resolve(reply: SnapshotReply): void;
  reject(error: Error): void;
}

/** A thread that makes snapshots, one at a time. After a failure that it may not outlive, and when disposed, it is ended. */
export class SnapshotThread implements Disposable {
  private readonly options: SnapshotThreadOptions;
  private readonly worker: Worker;
  private readonly owner: Disposable;
  private asked: Asked | undefined;
  private end: Error | undefined;

  constructor(options: SnapshotThreadOptions) {
    this.options = options;
    const { resourceLimits } = options;
    this.worker = new Worker(new URL('./snapshot-worker.ts', import.meta.url), { resourceLimits });
    // A thread at work does not keep a stopping relay alive: the log has everything.
    this.worker.unref();
    this.worker.on('message', (reply: SnapshotReply) => {
      this.asked?.resolve(reply);
      this.asked = undefined;
    });
    this.worker.on('error', (error) => this.ended(explainEnd(error, resourceLimits)));
    this.worker.on('exit', (code) => this.ended(new SnapshotFailure(`The thread ended with the code ${code}.`)));
    this.owner = toDisposable(() => {
      this.ended(new Error('making a snapshot was given up'));
      // It resolves in any case.
      void this.worker.terminate();
    });
  }

  /** Whether it can make another one. */
  get isAlive(): boolean {
    return this.end === undefined;
  }

  /**
   * Makes a snapshot of updates that come in pages. Rejects with a {@link SnapshotFailure} when it cannot, needs too
   * long or too much memory; with what `pages` throws; and when the signal aborts, which ends the thread.
   */
  async create(pages: AsyncIterable<readonly Uint8Array[]>, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const onAbort = () => this.dispose();
    signal.addEventListener('abort', onAbort, { once: true });
    const budget = { leftMs: this.options.timeoutMs };
    try {
      await this.ask({ kind: 'begin' }, [], budget);
      for await (const page of pages) {
        const { bytes, lengths } = await packParts(page);
        await this.ask({ kind: 'add', bytes, lengths }, [bytes.buffer], budget);
      }
      const reply = await this.ask({ kind: 'finish' }, [], budget);
      if (reply.kind !== 'finished') throw new SnapshotFailure('The thread gave another answer than asked for.');
      return reply.snapshot;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  dispose(): void {
    this.owner.dispose();
  }

  private async ask(
    command: SnapshotCommand,
    transfer: readonly ArrayBuffer[],
    budget: { leftMs: number },
  ): Promise<SnapshotReply> {
    const { scheduler, timeoutMs } = this.options;
    const startedMs = scheduler.elapsedMs();
    const timer = scheduler.schedule(() => {
      this.ended(new SnapshotFailure(`It took more than ${timeoutMs / 1000} s.`));
      this.dispose();
    }, budget.leftMs);
    let reply: SnapshotReply;
    try {
      reply = await new Promise<SnapshotReply>((resolve, reject) => {
        if (this.end) return reject(this.end);
        this.asked = { resolve, reject };
        this.worker.postMessage(command, transfer);
      });
    } finally {
      timer.dispose();
    }
    budget.leftMs = Math.max(0, budget.leftMs - (scheduler.elapsedMs() - startedMs));
    if (reply.kind === 'failed') {
      const { reason, partIndex } = reply;
      throw new SnapshotFailure(`An update cannot be applied: ${reason}.`, { partIndex });
    }
    return reply;
  }

  private ended(reason: Error): void {
    this.end ??= reason;
    this.asked?.reject(this.end);
    this.asked = undefined;
  }
}

function explainEnd(error: unknown, { maxOldGenerationSizeMb }: ResourceLimits): SnapshotFailure {
  const isOutOfMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  const message = isOutOfMemory
    ? `It needs more than ${maxOldGenerationSizeMb} MB of memory.`
    : `The thread failed: ${errorMessage(error)}.`;
  return new SnapshotFailure(message, { cause: error });
}
