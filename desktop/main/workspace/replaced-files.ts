import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  type Disposable,
  MutableDisposable,
  reportUnexpectedError,
  type Scheduler,
} from '../../../shared/lifecycle/index.ts';
import { LateContent } from './late-content.ts';
import { SerialQueue } from './serial-queue.ts';

/** Nobody writes any more to a file that was replaced, nor was written to, so long ago. */
const KEPT_MS = 5_000;
const LOOK_MS = 500;
/** Without a further change for two looks, whoever writes is done for the moment. */
const QUIET_MS = 900;
/** Who never is, is waited for no longer. */
const LONGEST_WAIT_MS = 5_000;
/** However fast a file is written, it is read no faster: the larger it has become, the later again. */
const READ_BYTES_PER_MS = 1024;
/** Beyond these, what was replaced first is let go, those last that were written to since. */
const MAX_KEPT_FILES = 64;
const MAX_KEPT_LENGTH = 16 * 1024 * 1024;

/** A file that was replaced on disk, and that another program may still have open. */
export interface ReplacedFile {
  readonly fileId: string;
  readonly path: string;
  /** What it had when it was replaced; to be set to what was taken from it since. */
  text: string;
  /** Where what it has is kept beside the others, and what that is; to be set by who keeps it there. */
  aside?: { readonly path: string; readonly sha256: string };
}

/** What is done with what was written to files that were replaced. */
export interface LateTaker {
  /** Resolves to false when the content is to be given again later. */
  take(file: ReplacedFile, content: LateContent): Promise<boolean>;
  /** What was written to this one, if anything, can be given no more. */
  tellLost(file: ReplacedFile): void;
}

interface Kept {
  readonly file: ReplacedFile;
  readonly handle: FileHandle;
  /** What it was when it was replaced, or taken last. */
  taken: string;
  seen: string;
  seenChangedMs: number;
  /** Since when it was not as it was taken, at every look. */
  untakenSinceMs: number;
  /** Before that it is not read again. */
  readAgainMs: number;
  untilMs: number;
  /** It is to be let go as soon as it was taken. */
  isLeaving: boolean;
}

/**
 * Files that were replaced a moment ago. A program that had one open goes on to write to what has no name any more; here
 * that is noticed.
 */
export class ReplacedFiles implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly onDue: () => void;
  private readonly timer = new MutableDisposable<Disposable>();
  /** What looks at files, takes them or lets them go does so alone. */
  private readonly turns = new SerialQueue();
  /** In the order in which they were replaced. */
  private kept: Kept[] = [];
  private lost: ReplacedFile[] = [];
  private isDisposed = false;

  /** `onDue`: something was written, which {@link take} gives. */
  constructor(scheduler: Scheduler, onDue: () => void) {
    this.scheduler = scheduler;
    this.onDue = onDue;
  }

  /** Calls `replace`, which resolves to whether it replaced the file at a path, and keeps what was there in sight. */
  async keep(absolutePath: string, file: ReplacedFile, replace: () => Promise<boolean>): Promise<boolean> {
    const handle = await openIfThere(absolutePath);
    if (!handle) return replace();
    let isKept = false;
    try {
      const { stamp } = await lookAt(handle);
      const isReplaced = await replace();
      isKept = isReplaced && !this.isDisposed;
      if (isKept) this.add(file, handle, stamp);
      if (isKept) await this.turns.run(() => this.letSurplusGo());
      return isReplaced;
    } finally {
      if (!isKept) await handle.close();
    }
  }

  /**
   * Gives what was written since, once: all that such a file has now. `isLast`: also what is still being written, and
   * nobody looks any more afterwards. Not to be called by the taker.
   */
  take(taker: LateTaker, { isLast = false } = {}): Promise<void> {
    return this.turns.run(() => this.takeAll(taker, isLast));
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer.dispose();
    for (const kept of this.kept) this.letGo(kept);
  }

  private async takeAll(taker: LateTaker, isLast: boolean): Promise<void> {
    if (isLast) await this.lookAtAll();
    this.tellLost(taker);
    const failures: unknown[] = [];
    for (const kept of this.kept.filter((one) => isLast || this.isDue(one))) {
      try {
        await this.takeOne(kept, taker, isLast || kept.isLeaving);
      } catch (error) {
        // It was disposed meanwhile.
        if (this.kept.includes(kept)) failures.push(error);
      }
    }
    await this.letSurplusGo();
    this.tellLost(taker);
    // The others are not to wait for one that can be put nowhere.
    if (failures.length > 0) throw failures[0];
  }

  private tellLost(taker: LateTaker): void {
    for (const file of this.lost.splice(0)) taker.tellLost(file);
  }

  private async takeOne(kept: Kept, taker: LateTaker, isFinal: boolean): Promise<void> {
    const { file, handle } = kept;
    const { stamp, sizeBytes } = await lookAt(handle);
    this.note(kept, stamp);
    if (stamp !== kept.taken) {
      kept.readAgainMs = this.scheduler.elapsedMs() + sizeBytes / READ_BYTES_PER_MS;
      if (!(await taker.take(file, new LateContent(handle, sizeBytes, isFinal)))) return;
      kept.taken = stamp;
      kept.untakenSinceMs = this.scheduler.elapsedMs();
    }
    if (kept.isLeaving) this.letGo(kept);
  }

  private add(file: ReplacedFile, handle: FileHandle, stamp: string): void {
    const nowMs = this.scheduler.elapsedMs();
    const times = { seenChangedMs: nowMs, untakenSinceMs: nowMs, readAgainMs: nowMs, untilMs: nowMs + KEPT_MS };
    this.kept.push({ file, handle, taken: stamp, seen: stamp, ...times, isLeaving: false });
    this.lookLater();
  }

  /** What another program has written to since it was replaced is taken before. */
  private async letSurplusGo(): Promise<void> {
    const wereLeaving = this.kept.filter(({ isLeaving }) => isLeaving).length;
    for (let next = this.findSurplus(); next; next = this.findSurplus()) {
      if (isUntaken(next)) next.isLeaving = true;
      else if ((await this.look(next)) === 'as-taken') this.letGo(next);
    }
    const leaving = this.kept.filter(({ isLeaving }) => isLeaving);
    while (areTooMany(leaving)) this.lose(leaving.shift());
    if (leaving.length > wereLeaving) this.onDue();
  }

  private findSurplus(): Kept | undefined {
    const staying = this.kept.filter(({ isLeaving }) => !isLeaving);
    if (!areTooMany(staying)) return undefined;
    const older = staying.slice(0, -1);
    return older.find((kept) => !isUntaken(kept)) ?? older[0];
  }

  private lookLater(): void {
    if (this.isDisposed || this.kept.length + this.lost.length === 0) return;
    this.timer.value ??= this.scheduler.schedule(() => {
      this.turns.run(() => this.lookAround()).catch(reportUnexpectedError);
    }, LOOK_MS);
  }

  private async lookAround(): Promise<void> {
    await this.lookAtAll();
    const nowMs = this.scheduler.elapsedMs();
    for (const kept of this.kept) if (!isUntaken(kept) && kept.untilMs <= nowMs) this.letGo(kept);
    this.timer.value = undefined;
    if (this.isDisposed) return;
    if (this.lost.length > 0 || this.kept.some((kept) => this.isDue(kept))) this.onDue();
    this.lookLater();
  }

  private async lookAtAll(): Promise<void> {
    for (const kept of this.kept) await this.look(kept);
  }

  /** What cannot be looked at any more is let go. */
  private async look(kept: Kept): Promise<'as-taken' | 'untaken' | 'lost'> {
    try {
      this.note(kept, (await lookAt(kept.handle)).stamp);
      return isUntaken(kept) ? 'untaken' : 'as-taken';
    } catch {
      this.lose(kept);
      return 'lost';
    }
  }

  private note(kept: Kept, stamp: string): void {
    const nowMs = this.scheduler.elapsedMs();
    if (stamp === kept.taken) kept.untakenSinceMs = nowMs;
    if (stamp === kept.seen) return;
    kept.seen = stamp;
    kept.seenChangedMs = nowMs;
    kept.untilMs = nowMs + KEPT_MS;
  }

  private isDue(kept: Kept): boolean {
    const nowMs = this.scheduler.elapsedMs();
    if (kept.readAgainMs > nowMs) return false;
    if (kept.isLeaving) return true;
    const isAtRest = nowMs - kept.seenChangedMs >= QUIET_MS || nowMs - kept.untakenSinceMs >= LONGEST_WAIT_MS;
    return isUntaken(kept) && isAtRest;
  }

  private lose(kept: Kept | undefined): void {
    // Nobody is told any more once it was disposed.
    if (!kept || !this.kept.includes(kept)) return;
    this.lost.push(kept.file);
    this.letGo(kept);
  }

  private letGo(kept: Kept): void {
    this.kept = this.kept.filter((one) => one !== kept);
    kept.handle.close().catch(reportUnexpectedError);
  }
}

function isUntaken({ seen, taken }: Kept): boolean {
  return seen !== taken;
}

/** One text may be as long as it is. */
function areTooMany(kept: readonly Kept[]): boolean {
  const length = kept.reduce((sum, { file: { text } }) => sum + text.length, 0);
  return kept.length > MAX_KEPT_FILES || (kept.length > 1 && length > MAX_KEPT_LENGTH);
}

async function openIfThere(absolutePath: string): Promise<FileHandle | undefined> {
  // Windows replaces no file that is open.
  if (process.platform === 'win32') return undefined;
  try {
    return await open(absolutePath, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    // Whoever replaces it finds out what is wrong.
    return undefined;
  }
}

/** `stamp` differs once the file is written. */
async function lookAt(handle: FileHandle): Promise<{ readonly stamp: string; readonly sizeBytes: number }> {
  const { size, mtimeNs } = await handle.stat({ bigint: true });
  return { stamp: `${size} ${mtimeNs}`, sizeBytes: Number(size) };
}
