import {
  type Disposable,
  MutableDisposable,
  reportUnexpectedError,
  type Scheduler,
} from '../../../shared/lifecycle/index.ts';
import { KeptFile, LOOK_MS, lookAt, openIfThere, type ReplacedFile } from './kept-file.ts';
import { LateContent } from './late-content.ts';
import { type FindOpenElsewhere, findOpenElsewhere } from './open-elsewhere.ts';
import { SerialQueue } from './serial-queue.ts';

/** Beyond these, some are let go: first those that nobody has open, last those that were written to since. */
const MAX_KEPT_FILES = 256;
const MAX_KEPT_LENGTH = 32 * 1024 * 1024;

/**
 * Why what is written to a file is lost. `unreadable`: it cannot be looked at any more, and whether anything was written is
 * not known. `too-many`: nothing was so far, but a program has it open.
 */
export type LossReason = 'unreadable' | 'too-many';

/** What is done with what was written to files that were replaced. */
export interface LateTaker {
  /** Resolves to false when the content is to be given again later. */
  take(file: ReplacedFile, content: LateContent): Promise<boolean>;
  /** What is written to this one can be given no more. */
  tellLost(file: ReplacedFile, reason: LossReason): void;
}

/**
 * Files that were replaced. A program that had one open goes on to write to what has no name any more; here that is
 * noticed, for as long as the program has it open where the system tells that, and else for minutes after the last change.
 */
export class ReplacedFiles implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly onDue: () => void;
  private readonly findOpen: FindOpenElsewhere;
  private readonly timer = new MutableDisposable<Disposable>();
  /** What looks at files, takes them or lets them go does so alone. */
  private readonly turns = new SerialQueue();
  /** In the order in which they were replaced. */
  private kept: KeptFile[] = [];
  private lost: (readonly [file: ReplacedFile, reason: LossReason])[] = [];
  private lookAtMs = Infinity;
  private isDisposed = false;

  /** `onDue`: something was written, which {@link take} gives. */
  constructor(scheduler: Scheduler, onDue: () => void, findOpen: FindOpenElsewhere = findOpenElsewhere) {
    this.scheduler = scheduler;
    this.onDue = onDue;
    this.findOpen = findOpen;
  }

  /** Calls `replace`, which resolves to whether it replaced the file at a path, and keeps what was there in sight. */
  async keep(absolutePath: string, file: ReplacedFile, replace: () => Promise<boolean>): Promise<boolean> {
    const handle = await openIfThere(absolutePath);
    if (!handle) return replace();
    let isKept = false;
    try {
      const look = await lookAt(handle);
      const isReplaced = await replace();
      isKept = isReplaced && !this.isDisposed;
      if (isKept) {
        const livedMs = this.scheduler.now() - look.bornMs;
        this.kept.push(new KeptFile(file, handle, look, { nowMs: this.nowMs, livedMs }));
        this.lookIn(LOOK_MS);
        await this.turns.run(() => this.letSurplusGo());
      }
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

  private get nowMs(): number {
    return this.scheduler.elapsedMs();
  }

  private async takeAll(taker: LateTaker, isLast: boolean): Promise<void> {
    if (isLast) for (const kept of this.kept) await this.look(kept);
    this.tellLost(taker);
    const failures: unknown[] = [];
    for (const kept of this.kept.filter((one) => isLast || one.isDue(this.nowMs))) {
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
    for (const [file, reason] of this.lost.splice(0)) taker.tellLost(file, reason);
  }

  private async takeOne(kept: KeptFile, taker: LateTaker, isFinal: boolean): Promise<void> {
    const look = await kept.look(() => this.nowMs);
    if (kept.isUntaken) {
      kept.beginTaking(look, this.nowMs);
      if (!(await taker.take(kept.file, new LateContent(kept.handle, look.sizeBytes, isFinal)))) return;
      kept.noteTaken(look, this.nowMs);
    }
    if (kept.isLeaving) this.giveUp(kept);
  }

  /** What another program has written to since it was replaced is taken before. */
  private async letSurplusGo(): Promise<void> {
    const wereLeaving = this.kept.filter(({ isLeaving }) => isLeaving).length;
    for (let next = await this.findSurplus(); next; next = await this.findSurplus()) {
      if (next.isUntaken) next.isLeaving = true;
      else if ((await this.look(next)) === 'as-taken') this.giveUp(next);
    }
    const leaving = this.kept.filter(({ isLeaving }) => isLeaving);
    while (areTooMany(leaving)) this.lose(leaving.shift());
    if (leaving.length > wereLeaving || this.lost.length > 0) this.onDue();
  }

  private async findSurplus(): Promise<KeptFile | undefined> {
    const staying = this.kept.filter(({ isLeaving }) => !isLeaving);
    if (!areTooMany(staying)) return undefined;
    const older = staying.slice(0, -1);
    const findUnopened = () => older.find(({ use, isUntaken }) => use === 'unopened' && !isUntaken);
    // Asked once for very many.
    if (!findUnopened() && older.some(({ isUnasked }) => isUnasked)) await this.ask();
    const unknown = older.filter(({ use, isUntaken }) => use === 'unknown' && !isUntaken);
    const shortest = Math.min(...unknown.map(({ livedMs }) => livedMs));
    return (
      findUnopened() ??
      unknown.find(({ livedMs }) => livedMs === shortest) ??
      older.find(({ isUntaken }) => !isUntaken) ??
      older[0]
    );
  }

  /** Finds out which of them other programs have open. */
  private async ask(): Promise<void> {
    const asked = this.kept.filter(({ use }) => use !== 'unopened');
    const { open, isComplete } = await this.findOpen(new Set(asked.map(({ key }) => key)));
    for (const kept of asked) {
      kept.noteUse(open.has(kept.key) ? 'open' : isComplete ? 'unopened' : 'unknown', this.nowMs);
    }
  }

  /** Looks around after this time at the latest. */
  private lookIn(pauseMs: number): void {
    const lookAtMs = this.nowMs + pauseMs;
    if (this.isDisposed || lookAtMs >= this.lookAtMs) return;
    this.lookAtMs = lookAtMs;
    this.timer.value = this.scheduler.schedule(() => {
      this.turns.run(() => this.lookAround()).catch(reportUnexpectedError);
    }, pauseMs);
  }

  private async lookAround(): Promise<void> {
    if (this.kept.some(({ askAtMs }) => askAtMs <= this.nowMs)) await this.ask();
    for (const kept of this.kept.filter((one) => one.isWorthLook(this.nowMs))) {
      if ((await this.look(kept)) === 'as-taken' && kept.isOver(this.nowMs)) this.letGo(kept);
    }
    this.lookAtMs = Infinity;
    if (this.isDisposed) return;
    const { nowMs } = this;
    if (this.lost.length > 0 || this.kept.some((kept) => kept.isDue(nowMs))) this.onDue();
    if (this.kept.length + this.lost.length === 0) return;
    const nextMs = this.kept.reduce((next, kept) => Math.min(next, kept.lookAtMs, kept.askAtMs), Infinity);
    // Also for what is to be told.
    const pauseMs = this.lost.length > 0 ? LOOK_MS : Math.max(nextMs - nowMs, LOOK_MS);
    this.lookIn(pauseMs);
  }

  /** What cannot be looked at any more is let go. */
  private async look(kept: KeptFile): Promise<'as-taken' | 'untaken' | 'lost'> {
    try {
      await kept.look(() => this.nowMs);
      return kept.isUntaken ? 'untaken' : 'as-taken';
    } catch {
      this.lose(kept);
      return 'lost';
    }
  }

  private lose(kept: KeptFile | undefined): void {
    // Nobody is told any more once it was disposed.
    if (!kept || !this.kept.includes(kept)) return;
    this.lost.push([kept.file, 'unreadable']);
    this.letGo(kept);
  }

  /** Lets one go for which there is no place, and has it told when somebody may write to it again. */
  private giveUp(kept: KeptFile): void {
    if (kept.use === 'open') this.lost.push([kept.file, 'too-many']);
    this.letGo(kept);
  }

  private letGo(kept: KeptFile): void {
    this.kept = this.kept.filter((one) => one !== kept);
    kept.close().catch(reportUnexpectedError);
  }
}

/** One text may be as long as it is. */
function areTooMany(kept: readonly KeptFile[]): boolean {
  const length = kept.reduce((sum, { file: { text } }) => sum + text.length, 0);
  return kept.length > MAX_KEPT_FILES || (kept.length > 1 && length > MAX_KEPT_LENGTH);
}
