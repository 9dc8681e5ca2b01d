import { Worker } from 'node:worker_threads';
import { type Disposable, MutableDisposable, type Scheduler, toDisposable } from '../../../shared/lifecycle/index.ts';
import { differingLength, diskEdits, rebaseEdits, type TextEdit } from '../../../shared/workspace/index.ts';
import type { DifferenceCommand, DifferenceReply } from './merge-messages.ts';

/** Texts that differ in fewer characters are compared at once, within a few milliseconds. */
const SMALL_LENGTH = 1_000;
/** What is left to compare when nobody can wait any more may take so long. */
const HURRIED_MS = 20;
/** A thread that waits for work costs memory, a new one some time to start. */
const KEPT_IDLE_MS = 10_000;
const MAX_HEAP_MIB = 512;

/** Compares texts without holding up the thread that everything else needs: large ones in a thread of its own. */
export class MergeThread implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly idleTimer = new MutableDisposable<Disposable>();
  private readonly running = new MutableDisposable<RunningThread>();

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  /** As `diskEdits`. Resolves to coarser edits when the thread fails. */
  async compare(base: string, text: string): Promise<readonly TextEdit[]> {
    if (areComparedAtOnce(base, text)) return diskEdits(base, text);
    this.idleTimer.value = undefined;
    if (this.running.value?.hasEnded) this.running.value = undefined;
    this.running.value ??= new RunningThread();
    const thread = this.running.value;
    const edits = await thread.compare(base, text);
    if (!thread.isBusy) {
      this.idleTimer.value = this.scheduler.schedule(() => (this.running.value = undefined), KEPT_IDLE_MS);
    }
    return edits ?? diskEdits(base, text, HURRIED_MS);
  }

  dispose(): void {
    this.idleTimer.dispose();
    this.running.dispose();
  }
}

/** Moves edits of `base` onto a text, in a moment: in coarser edits where the two texts differ much. */
export function rebaseHurriedly(base: string, current: string, edits: readonly TextEdit[]): TextEdit[] {
  return rebaseEdits(base, current, edits, HURRIED_MS);
}

/** Whether two texts differ so little that they are compared at once. */
export function areComparedAtOnce(base: string, text: string): boolean {
  return differingLength(base, text) <= SMALL_LENGTH;
}

class RunningThread implements Disposable {
  private readonly worker = new Worker(workerUrl(import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  private readonly owner: Disposable;
  private readonly asked = new Map<number, (edits: readonly TextEdit[] | undefined) => void>();
  private lastId = 0;
  private ended = false;

  constructor() {
    // Nothing is lost when the process ends first: the text is still on disk.
    this.worker.unref();
    this.worker.on('message', (reply: DifferenceReply) => this.settle(reply));
    this.worker.on('error', () => this.end());
    this.worker.on('exit', () => this.end());
    this.owner = toDisposable(() => {
      this.end();
      // It resolves in any case.
      void this.worker.terminate();
    });
  }

  get hasEnded(): boolean {
    return this.ended;
  }

  get isBusy(): boolean {
    return this.asked.size > 0;
  }

  compare(base: string, text: string): Promise<readonly TextEdit[] | undefined> {
    return new Promise((resolve) => {
      if (this.ended) return resolve(undefined);
      const command: DifferenceCommand = { id: ++this.lastId, base, text };
      this.asked.set(command.id, resolve);
      this.worker.postMessage(command);
    });
  }

  dispose(): void {
    this.owner.dispose();
  }

  private settle(reply: DifferenceReply): void {
    const resolve = this.asked.get(reply.id);
    this.asked.delete(reply.id);
    resolve?.(reply.kind === 'edits' ? reply.edits : undefined);
  }

  private end(): void {
    this.ended = true;
    for (const resolve of this.asked.values()) resolve(undefined);
    this.asked.clear();
  }
}

/** Beside this file under Node, beside the bundle that this file is part of in the app. */
function workerUrl(here: string): URL {
  return new URL(here.endsWith('.ts') ? './merge-worker.ts' : './merge-worker.cjs', here);
}
