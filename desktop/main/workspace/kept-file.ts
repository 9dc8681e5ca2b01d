import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Looked at so often at first, and after each change. */
export const LOOK_MS = 500;
/** What has not changed for long is looked at more seldom: a tenth of the time later, up to this. */
const LONGEST_LOOK_MS = 5_000;
/** Without a further change for two looks, whoever writes is done for the moment. */
const QUIET_MS = 900;
/** Who never is, is waited for no longer. */
const LONGEST_WAIT_MS = 5_000;
/** However fast a file is written, it is read no faster: the larger it has become, the later again. */
const READ_BYTES_PER_MS = 1024;
/** A program that holds a file open for longer between two writes is not waited for, where the system does not tell of it. */
const UNKNOWN_KEPT_MS = 15 * 60_000;
/** For a program of another user, of which the system does not tell either. */
const UNOPENED_KEPT_MS = 60_000;
/** It is found out so late whether a file is open: most that are open are closed by then. */
const FIRST_ASKED_MS = 5_000;
/** Then again in a quarter of the time for which it was kept, within these. */
const SOONEST_ASKED_AGAIN_MS = 30_000;
const LATEST_ASKED_AGAIN_MS = 5 * 60_000;

/** A file that was replaced on disk, and that another program may still have open. */
export interface ReplacedFile {
  readonly fileId: string;
  readonly path: string;
  /** What it had when it was replaced; to be set to what was taken from it since. */
  text: string;
  /** Where what it has is kept beside the others, and what that is; to be set by who keeps it there. */
  aside?: { readonly path: string; readonly sha256: string };
}

/** What is seen of an open file. */
export interface FileLook {
  /** Differs once the file is written. */
  readonly stamp: string;
  readonly sizeBytes: number;
  /** `device:inode`. */
  readonly key: string;
  /** Wall clock; zero where the disk does not keep it. */
  readonly bornMs: number;
}

/** `unopened`: by no program of this user. It cannot be opened any more. */
export type FileUse = 'unknown' | 'open' | 'unopened';

/** One of the files that were replaced, and until when it is kept in sight. */
export class KeptFile {
  readonly file: ReplacedFile;
  readonly handle: FileHandle;
  readonly key: string;
  /** How long it lay in its place: the longer, the likelier somebody has opened it. */
  readonly livedMs: number;
  /** It is to be let go as soon as it was taken. */
  isLeaving = false;
  private readonly replacedMs: number;
  /** What it was when it was replaced, or taken last. */
  private taken: string;
  private seen: string;
  private seenChangedMs: number;
  /** Since when it was not as it was taken, at every look. */
  private untakenSinceMs: number;
  /** Before that it is not read again. */
  private readAgainMs: number;
  private lookedMs: number;
  private known: FileUse = 'unknown';
  private askedMs: number | undefined;

  /** `look`: what it was when it was replaced, at `nowMs` of a clock that only goes forward. `handle` is closed by {@link close}. */
  constructor(
    file: ReplacedFile,
    handle: FileHandle,
    look: FileLook,
    { nowMs, livedMs }: { nowMs: number; livedMs: number },
  ) {
    this.file = file;
    this.handle = handle;
    this.key = look.key;
    this.livedMs = livedMs;
    this.taken = look.stamp;
    this.seen = look.stamp;
    this.replacedMs = nowMs;
    this.seenChangedMs = nowMs;
    this.untakenSinceMs = nowMs;
    this.readAgainMs = nowMs;
    this.lookedMs = nowMs;
  }

  /** Something was written to it that was not taken. */
  get isUntaken(): boolean {
    return this.seen !== this.taken;
  }

  get use(): FileUse {
    return this.known;
  }

  /** It was never asked whether it is open. */
  get isUnasked(): boolean {
    return this.askedMs === undefined;
  }

  /** When it is to be looked at next. */
  get lookAtMs(): number {
    return this.lookAfter(this.pauseMs);
  }

  /** Whether it is worth a look, as others are looked at: then all are looked at together from then on. */
  isWorthLook(nowMs: number): boolean {
    return this.lookAfter(this.pauseMs / 2) <= nowMs;
  }

  /** When it is to be found out next whether it is open. */
  get askAtMs(): number {
    if (this.known === 'unopened') return Infinity;
    if (this.askedMs === undefined) return this.replacedMs + FIRST_ASKED_MS;
    const pauseMs = Math.max((this.askedMs - this.replacedMs) / 4, SOONEST_ASKED_AGAIN_MS);
    return this.askedMs + Math.min(pauseMs, LATEST_ASKED_AGAIN_MS);
  }

  /** Whether nobody writes to it any more, as far as can be told. */
  isOver(nowMs: number): boolean {
    return !this.isUntaken && this.untilMs <= nowMs;
  }

  /** Whether it is time to take what was written to it. */
  isDue(nowMs: number): boolean {
    if (this.readAgainMs > nowMs) return false;
    if (this.isLeaving) return true;
    const isAtRest = nowMs - this.seenChangedMs >= QUIET_MS || nowMs - this.untakenSinceMs >= LONGEST_WAIT_MS;
    return this.isUntaken && isAtRest;
  }

  /** Rejects with the error of the system. */
  async look(nowMs: () => number): Promise<FileLook> {
    const look = await lookAt(this.handle);
    this.note(look.stamp, nowMs());
    return look;
  }

  /** What it was at a look is being taken. */
  beginTaking({ sizeBytes }: FileLook, nowMs: number): void {
    this.readAgainMs = nowMs + sizeBytes / READ_BYTES_PER_MS;
  }

  noteTaken({ stamp }: FileLook, nowMs: number): void {
    this.taken = stamp;
    this.untakenSinceMs = nowMs;
  }

  /** `use`: as the system tells it now. */
  noteUse(use: FileUse, nowMs: number): void {
    this.known = use;
    this.askedMs = nowMs;
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  private note(stamp: string, nowMs: number): void {
    this.lookedMs = nowMs;
    if (stamp === this.taken) this.untakenSinceMs = nowMs;
    if (stamp === this.seen) return;
    this.seen = stamp;
    this.seenChangedMs = nowMs;
    // Somebody had it open after all.
    if (this.known === 'unopened') this.known = 'unknown';
  }

  private get pauseMs(): number {
    if (this.isUntaken) return LOOK_MS;
    return Math.min(Math.max((this.lookedMs - this.seenChangedMs) / 10, LOOK_MS), LONGEST_LOOK_MS);
  }

  private lookAfter(pauseMs: number): number {
    return Math.min(this.lookedMs + pauseMs, Math.max(this.untilMs, this.lookedMs));
  }

  private get untilMs(): number {
    if (this.known === 'open') return Infinity;
    return this.seenChangedMs + (this.known === 'unopened' ? UNOPENED_KEPT_MS : UNKNOWN_KEPT_MS);
  }
}

/** Opens what is to be replaced; undefined when that is no file that can be kept in sight. The caller closes it. */
export async function openIfThere(absolutePath: string): Promise<FileHandle | undefined> {
  // Windows replaces no file that is open.
  if (process.platform === 'win32') return undefined;
  try {
    return await open(absolutePath, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    // Whoever replaces it finds out what is wrong.
    return undefined;
  }
}

export async function lookAt(handle: FileHandle): Promise<FileLook> {
  const { size, mtimeNs, dev, ino, birthtimeMs } = await handle.stat({ bigint: true });
  return {
    stamp: `${size} ${mtimeNs}`,
    sizeBytes: Number(size),
    key: `${dev}:${ino}`,
    bornMs: Number(birthtimeMs),
  };
}
