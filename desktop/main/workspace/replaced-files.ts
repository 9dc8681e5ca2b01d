import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  type Disposable,
  MutableDisposable,
  reportUnexpectedError,
  type Scheduler,
} from '../../../shared/lifecycle/index.ts';

/** Nobody writes any more to a file that was replaced, nor was written to, so long ago. */
const KEPT_MS = 5_000;
const LOOK_MS = 500;
/** So many looks without a further change, and whoever writes is done for the moment. */
const QUIET_LOOKS = 2;
/** Who never is, is waited for no longer. */
const LONGEST_LOOKS = 10;
/** Beyond these, what was replaced first is let go. */
const MAX_KEPT_FILES = 64;
const MAX_KEPT_LENGTH = 16 * 1024 * 1024;

/** A file that was replaced on disk, and that another program may still have open. */
export interface ReplacedFile {
  readonly fileId: string;
  readonly path: string;
  /** What it had when it was replaced; to be set to what was taken from it since. */
  text: string;
  /** Where what it has is kept beside the others; to be set by who keeps it there. */
  aside?: string;
}

interface Kept {
  readonly file: ReplacedFile;
  readonly handle: FileHandle;
  /** What it was when it was replaced, or taken last. */
  taken: string;
  seen: string;
  quietLooks: number;
  /** Since it was last as it was taken. */
  looks: number;
  untilMs: number;
}

/**
 * Files that were replaced a moment ago. A program that had one open goes on to write to what has no name any more; here
 * that is noticed.
 */
export class ReplacedFiles implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly onDue: () => void;
  private readonly timer = new MutableDisposable<Disposable>();
  private kept: Kept[] = [];
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
      const stamp = await stampOf(handle);
      const isReplaced = await replace();
      isKept = isReplaced && !this.isDisposed;
      if (isKept) this.add(file, handle, stamp);
      return isReplaced;
    } finally {
      if (!isKept) await handle.close();
    }
  }

  /**
   * Gives what was written since, once: all that such a file has now. `takeBytes` resolves to false when that is to be
   * given again later. `isLast`: also what is still being written.
   */
  async take(
    takeBytes: (file: ReplacedFile, bytes: Uint8Array<ArrayBuffer>) => Promise<boolean>,
    { isLast = false } = {},
  ): Promise<void> {
    if (isLast) await this.lookAtAll();
    const failures: unknown[] = [];
    for (const kept of this.kept.filter((one) => isLast || isAtRest(one))) {
      if (!this.kept.includes(kept)) continue;
      try {
        await this.takeOne(kept, takeBytes);
      } catch (error) {
        failures.push(error);
      }
    }
    // The others are not to wait for one that can be put nowhere.
    if (failures.length > 0) throw failures[0];
  }

  private async takeOne(
    kept: Kept,
    takeBytes: (file: ReplacedFile, bytes: Uint8Array<ArrayBuffer>) => Promise<boolean>,
  ): Promise<void> {
    const stamp = await stampOf(kept.handle);
    if (stamp === kept.taken || !(await takeBytes(kept.file, await readAll(kept.handle)))) return;
    kept.taken = stamp;
    kept.looks = 0;
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer.dispose();
    this.letGo(this.kept);
    this.kept = [];
  }

  private add(file: ReplacedFile, handle: FileHandle, stamp: string): void {
    const untilMs = this.scheduler.elapsedMs() + KEPT_MS;
    this.kept.push({ file, handle, taken: stamp, seen: stamp, quietLooks: 0, looks: 0, untilMs });
    let length = this.kept.reduce((sum, { file: { text } }) => sum + text.length, 0);
    let surplus = 0;
    while (this.kept.length - surplus > MAX_KEPT_FILES || length > MAX_KEPT_LENGTH) {
      length -= this.kept[surplus]?.file.text.length ?? length;
      surplus++;
    }
    this.letGo(this.kept.splice(0, surplus));
    this.lookLater();
  }

  private lookLater(): void {
    if (this.isDisposed || this.kept.length === 0) return;
    this.timer.value ??= this.scheduler.schedule(() => {
      this.timer.value = undefined;
      this.look().catch(reportUnexpectedError);
    }, LOOK_MS);
  }

  private async look(): Promise<void> {
    await this.lookAtAll();
    if (this.isDisposed) return;
    const nowMs = this.scheduler.elapsedMs();
    const isOver = ({ seen, taken, untilMs }: Kept) => seen === taken && untilMs <= nowMs;
    this.letGo(this.kept.filter(isOver));
    this.kept = this.kept.filter((kept) => !isOver(kept));
    if (this.kept.some(isAtRest)) this.onDue();
    this.lookLater();
  }

  private async lookAtAll(): Promise<void> {
    for (const kept of [...this.kept]) {
      // Some may have been let go meanwhile.
      if (!this.kept.includes(kept)) continue;
      const seen = await stampOf(kept.handle).catch(reportUnexpectedError);
      if (seen === undefined) {
        this.kept = this.kept.filter((one) => one !== kept);
        this.letGo([kept]);
        continue;
      }
      kept.quietLooks = seen === kept.seen ? kept.quietLooks + 1 : 0;
      kept.looks = seen === kept.taken ? 0 : kept.looks + 1;
      if (seen !== kept.seen) kept.untilMs = this.scheduler.elapsedMs() + KEPT_MS;
      kept.seen = seen;
    }
  }

  private letGo(kept: readonly Kept[]): void {
    for (const { handle } of kept) handle.close().catch(reportUnexpectedError);
  }
}

function isAtRest({ seen, taken, quietLooks, looks }: Kept): boolean {
  return seen !== taken && (quietLooks >= QUIET_LOOKS || looks >= LONGEST_LOOKS);
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

async function stampOf(handle: FileHandle): Promise<string> {
  const { size, mtimeNs } = await handle.stat({ bigint: true });
  return `${size} ${mtimeNs}`;
}

/** What `FileHandle.readFile` has read once, it does not read again. */
async function readAll(handle: FileHandle): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  const stream: AsyncIterable<Uint8Array> = handle.createReadStream({ start: 0, autoClose: false });
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
