import { Worker } from 'node:worker_threads';
import { type Disposable, errorMessage, toDisposable } from '../../../shared/lifecycle/index.ts';
import { LogFailure } from '../log-failure.ts';
import type { WriteCommand, WriteReply, WriteRequest, WriteResults } from './write-messages.ts';

interface Asked {
  resolve(reply: WriteReply): void;
  reject(failure: LogFailure): void;
}

/** A thread that writes to the SQLite file at `path`: waiting for the disk is not waited for here. Disposing ends it. */
export class WriteThread implements Disposable {
  private readonly path: string;
  private readonly asked = new Map<number, Asked>();
  private readonly owner: Disposable;
  private worker: Worker | undefined;
  private lastId = 0;
  private isDisposed = false;

  constructor(path: string) {
    this.path = path;
    this.owner = toDisposable(() => {
      this.isDisposed = true;
      // What was asked before is still done.
      this.worker?.postMessage('close');
    });
  }

  /** Does it after everything that was asked for before. Rejects with a {@link LogFailure}. */
  async ask<K extends WriteRequest['kind']>(
    request: Extract<WriteRequest, { kind: K }>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<WriteResults[K]> {
    if (this.isDisposed) throw new LogFailure('failed', `The database ${this.path} is closed.`);
    const id = ++this.lastId;
    const reply = await new Promise<WriteReply>((resolve, reject) => {
      this.asked.set(id, { resolve, reject });
      this.worker ??= this.start();
      this.worker.postMessage({ id, request } satisfies WriteCommand, transfer);
    });
    if (!reply.ok) throw new LogFailure(reply.code, reply.message);
    // The worker answers each kind with its own result.
    return reply.result as WriteResults[K];
  }

  private start(): Worker {
    const worker = new Worker(new URL('./write-worker.ts', import.meta.url), { workerData: this.path });
    worker.on('message', (reply: WriteReply) => {
      this.asked.get(reply.id)?.resolve(reply);
      this.asked.delete(reply.id);
    });
    worker.on('error', (error: unknown) => this.ended(worker, errorMessage(error)));
    worker.on('exit', (code) => this.ended(worker, `exit code ${code}`));
    return worker;
  }

  /** What was asked may have been done or not: it can be asked again. */
  private ended(worker: Worker, reason: string): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    const failure = new LogFailure('busy', `The thread that writes to ${this.path} has ended (${reason}).`);
    for (const { reject } of this.asked.values()) reject(failure);
    this.asked.clear();
  }

  dispose(): void {
    this.owner.dispose();
  }
}
