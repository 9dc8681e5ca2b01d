import { type Disposable, type Scheduler, scheduleEvery } from '../../shared/lifecycle/index.ts';
import type { BlobIndex } from '../log/blob-index.ts';
import type { BlobParts } from '../log/blob-parts.ts';

interface UploadCleanerServices {
  readonly index: BlobIndex;
  readonly parts: BlobParts;
  readonly scheduler: Scheduler;
  /** Whether objects may be removed now. */
  readonly mayRemove: () => boolean;
  readonly reportProblem: (error: unknown) => void;
}

/** Whoever began an upload can go on with it for so long after the last part of it. */
export const UNFINISHED_UPLOAD_KEPT_MS = 7 * 24 * 60 * 60_000;
const INTERVAL_MS = 60 * 60_000;
/** A store that does not answer is given up within half of it. */
const LEASE_MS = 30 * 60_000;

/** Removes what is left of uploads that nobody went on with, every hour. Disposing ends what is under way. */
export class UploadCleaner implements Disposable {
  private readonly services: UploadCleanerServices;
  private readonly timer: Disposable;
  private running: Promise<void> = Promise.resolve();
  private isFailing = false;
  private isDisposed = false;

  /** The caller keeps the ownership of the services. */
  constructor(services: UploadCleanerServices) {
    this.services = services;
    this.timer = scheduleEvery(services.scheduler, () => this.cleanNext(), INTERVAL_MS);
  }

  /** Resolves when nothing is being removed. */
  async settled(): Promise<void> {
    await this.running;
  }

  private cleanNext(): void {
    this.running = this.running.then(async () => {
      try {
        await this.clean();
        this.isFailing = false;
      } catch (error) {
        if (this.isDisposed) return;
        if (!this.isFailing) this.services.reportProblem(error);
        this.isFailing = true;
      }
    });
  }

  private async clean(): Promise<void> {
    const { index, parts, scheduler, mayRemove } = this.services;
    const beforeMs = scheduler.now() - UNFINISHED_UPLOAD_KEPT_MS;
    while (!this.isDisposed && mayRemove()) {
      const untilMs = scheduler.elapsedMs() + LEASE_MS / 2;
      const abandoned = await index.abandonParts({ beforeMs, leaseMs: LEASE_MS });
      if (abandoned.length === 0) return;
      for (const left of abandoned) {
        // What is left over is given out again.
        if (this.isDisposed || !mayRemove() || scheduler.elapsedMs() >= untilMs) return;
        await parts.remove(left.key, left.part);
        await index.forgetPart(left);
      }
    }
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer.dispose();
  }
}
