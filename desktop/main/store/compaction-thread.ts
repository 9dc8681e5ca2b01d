import { Worker } from 'node:worker_threads';
import { type Disposable, MutableDisposable, type Scheduler, toDisposable } from '../../../shared/lifecycle/index.ts';
import type { MergeCommand, MergeReply } from './compaction-messages.ts';

/** A thread that waits for work costs memory, a new one the time to load Yjs. */
const KEPT_IDLE_MS = 10_000;
const MAX_HEAP_MIB = 1024;

/** Merges the rows of one document after the other in a thread of its own, which is there while it is needed. */
export class CompactionThread implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly idleTimer = new MutableDisposable<Disposable>();
  private readonly running = new MutableDisposable<RunningThread>();

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  /** Rows to be merged next; their memory goes over to the thread. */
  add(command: MergeCommand & { readonly kind: 'add' }): void {
    this.idleTimer.value = undefined;
    if (this.running.value?.hasEnded) this.running.value = undefined;
    this.running.value ??= new RunningThread();
    this.running.value.post(command, [command.rows.bytes.buffer]);
  }

  /** Merges what was added. A thread that ends on it, as for want of memory, is a failure like another. */
  async merge(): Promise<MergeReply> {
    const thread = this.running.value;
    if (!thread) return { kind: 'failed', reason: 'There is nothing to merge.' };
    const reply = await thread.merge();
    if (reply.kind === 'failed') this.running.value = undefined;
    else this.idleTimer.value = this.scheduler.schedule(() => (this.running.value = undefined), KEPT_IDLE_MS);
    return reply;
  }

  /** Ends the thread, and forgets what was added. */
  reset(): void {
    this.running.value = undefined;
  }

  dispose(): void {
    this.idleTimer.dispose();
    this.running.dispose();
  }
}

class RunningThread implements Disposable {
  private readonly worker = new Worker(workerUrl(import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
    // What the process was started with, such as --eval, is not for a thread.
    execArgv: [],
  });
  private readonly owner: Disposable;
  private answer: ((reply: MergeReply) => void) | undefined;
  private end: string | undefined;

  constructor() {
    // A thread at work does not keep a process alive that is to end: the rows are all there still.
    this.worker.unref();
    this.worker.on('message', (reply: MergeReply) => this.settle(reply));
    this.worker.on('error', (error) => this.ended(error instanceof Error ? error.message : String(error)));
    this.worker.on('exit', (code) => this.ended(`The thread ended with the code ${code}.`));
    this.owner = toDisposable(() => {
      this.ended('The thread was ended.');
      // It resolves in any case.
      void this.worker.terminate();
    });
  }

  get hasEnded(): boolean {
    return this.end !== undefined;
  }

  post(command: MergeCommand, transfer: readonly ArrayBuffer[] = []): void {
    this.worker.postMessage(command, transfer);
  }

  merge(): Promise<MergeReply> {
    return new Promise((resolve) => {
      if (this.end !== undefined) return resolve({ kind: 'failed', reason: this.end });
      this.answer = resolve;
      this.post({ kind: 'merge' });
    });
  }

  dispose(): void {
    this.owner.dispose();
  }

  private ended(reason: string): void {
    this.end ??= reason;
    this.settle({ kind: 'failed', reason: this.end });
  }

  private settle(reply: MergeReply): void {
    const { answer } = this;
    this.answer = undefined;
    answer?.(reply);
  }
}

/** Beside this file under Node, beside the bundle that this file is part of in the app. */
function workerUrl(here: string): URL {
  return new URL(here.endsWith('.ts') ? './compaction-worker.ts' : './compaction-worker.cjs', here);
}
