import { type Disposable, MutableDisposable, type Scheduler } from '../../../shared/lifecycle/index.ts';
import { RestoredFiles } from './restored-files.ts';
import type { DiskFile } from './text-file.ts';

/** A file that another program has changed is not replaced for this time: more may come. */
const SETTLE_MS = 400;
/** A text that has lost its end may be one that is being written anew: so long after its last change it counts. */
const LOST_END_REST_MS = 1_000;
/** What never rests is waited for no longer. */
const LONGEST_WAIT_MS = 5_000;
const LOOK_AGAIN_MS = 200;
/** The person is told of a file that could not be replaced for this time, because it is written ever again. */
const OVERDUE_MS = 15_000;
/** What nobody has wanted to replace for so long need not be replaced any more. */
const UNASKED_MS = 10_000;
/** From so many on, those that rest are forgotten. */
const MANY_FILES = 1_000;
/** A text that ends in so many characters as before was saved as a whole. */
const KEPT_END_LENGTH = 64;

interface Restless {
  /** What was seen last. */
  readonly state: string;
  readonly changedMs: number;
  /** The first of the changes that came so fast. */
  readonly sinceMs: number;
}

interface Wanted {
  readonly sinceMs: number;
  readonly askedMs: number;
}

/** Texts that other programs have changed on disk a moment ago: whoever saves them may not be done. */
export class DiskRest implements Disposable {
  /** Those that were deleted, and written again with what the room had. */
  readonly restored: RestoredFiles;
  private readonly scheduler: Scheduler;
  private readonly onDue: (fileIds: readonly string[]) => void;
  private readonly restless = new Map<string, Restless>();
  /** Those that are to be replaced, and were not yet. */
  private readonly wanted = new Map<string, Wanted>();
  private readonly timer = new MutableDisposable<Disposable>();
  private waiting = new Set<string>();
  private isDisposed = false;

  /** `onDue`: files for which one of the questions below was answered by false are to be looked at again. */
  constructor(scheduler: Scheduler, onDue: (fileIds: readonly string[]) => void) {
    this.scheduler = scheduler;
    this.onDue = onDue;
    this.restored = new RestoredFiles(scheduler);
  }

  get isWaiting(): boolean {
    return this.waiting.size > 0;
  }

  /** Whether what a text has become on disk, which is not what was there last, may be taken for what it is meant to be. */
  mayTake(fileId: string, before: string, disk: Exclude<DiskFile, { kind: 'missing' }>): boolean {
    const seen = this.see(fileId, disk.kind === 'text' ? disk.hash : `${disk.kind} ${disk.sizeBytes}`);
    if (disk.kind === 'text' && !hasLostEnd(before, disk.text)) return true;
    return this.isOver(seen, LOST_END_REST_MS) || this.wait(fileId);
  }

  /** Whether a file may be replaced by what the room has; to be followed by {@link settle} once that was done. */
  mayReplace(fileId: string): boolean {
    this.want(fileId);
    const seen = this.restless.get(fileId);
    if (seen && !this.isOver(seen, SETTLE_MS)) return this.wait(fileId);
    this.restless.delete(fileId);
    return true;
  }

  /** A file is as the room has it. */
  settle(fileId: string): void {
    this.wanted.delete(fileId);
  }

  /** Whether a file could not be replaced for so long that the person is to know. */
  isOverdue(fileId: string): boolean {
    const wanted = this.wanted.get(fileId);
    return wanted !== undefined && this.scheduler.elapsedMs() - wanted.sinceMs >= OVERDUE_MS;
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer.dispose();
  }

  private want(fileId: string): void {
    const nowMs = this.scheduler.elapsedMs();
    const before = this.wanted.get(fileId);
    const isStill = before !== undefined && nowMs - before.askedMs < UNASKED_MS;
    if (this.wanted.size >= MANY_FILES) this.forgetUnasked(nowMs);
    this.wanted.set(fileId, { sinceMs: isStill ? before.sinceMs : nowMs, askedMs: nowMs });
  }

  private forgetUnasked(nowMs: number): void {
    for (const [fileId, { askedMs }] of this.wanted) if (nowMs - askedMs >= UNASKED_MS) this.wanted.delete(fileId);
  }

  private see(fileId: string, state: string): Restless {
    const nowMs = this.scheduler.elapsedMs();
    const before = this.restless.get(fileId);
    if (before?.state === state) return before;
    const isFast = before !== undefined && nowMs - before.changedMs < LOST_END_REST_MS;
    const seen = { state, changedMs: nowMs, sinceMs: isFast ? before.sinceMs : nowMs };
    if (this.restless.size >= MANY_FILES) this.forgetRested(nowMs);
    this.restless.set(fileId, seen);
    return seen;
  }

  private forgetRested(nowMs: number): void {
    for (const [fileId, { changedMs }] of this.restless) {
      if (nowMs - changedMs >= LONGEST_WAIT_MS) this.restless.delete(fileId);
    }
  }

  private isOver({ changedMs, sinceMs }: Restless, restMs: number): boolean {
    const nowMs = this.scheduler.elapsedMs();
    return nowMs - changedMs >= restMs || nowMs - sinceMs >= LONGEST_WAIT_MS;
  }

  private wait(fileId: string): false {
    if (this.isDisposed) return false;
    this.waiting.add(fileId);
    this.timer.value ??= this.scheduler.schedule(() => this.lookAgain(), LOOK_AGAIN_MS);
    return false;
  }

  private lookAgain(): void {
    this.timer.value = undefined;
    const fileIds = [...this.waiting];
    this.waiting = new Set();
    this.onDue(fileIds);
  }
}

/** Whether a text is shorter than before, and not because something was taken out of its midst. */
export function hasLostEnd(before: string, text: string): boolean {
  const endLength = Math.min(text.length, KEPT_END_LENGTH);
  return text.length < before.length && (endLength === 0 || !before.endsWith(text.slice(-endLength)));
}
