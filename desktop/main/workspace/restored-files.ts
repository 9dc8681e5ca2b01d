import type { Scheduler } from '../../../shared/lifecycle/index.ts';

/** A program that deletes what it saves has made it anew by then. */
const MADE_ANEW_MS = 5_000;
/** A program that goes on with what it knows may do so through so many deletions. */
const MAX_TEXTS = 4;
/** Of more text, what was written again first is forgotten; one may be as long as it is. */
const MAX_LENGTH = 16 * 1024 * 1024;

interface Restored {
  readonly texts: readonly string[];
  readonly atMs: number;
}

/**
 * Texts that were deleted on disk and written again with what the room had by then. A program that has deleted one to
 * make it anew does so from what it knows, which is older.
 */
export class RestoredFiles {
  private readonly scheduler: Pick<Scheduler, 'elapsedMs'>;
  private readonly restored = new Map<string, Restored>();

  constructor(scheduler: Pick<Scheduler, 'elapsedMs'>) {
    this.scheduler = scheduler;
  }

  /** A file that had this text when it was deleted has been written again. */
  add(fileId: string, text: string): void {
    const before = this.knownTexts(fileId).filter((known) => known !== text);
    this.restored.delete(fileId);
    const texts = [...before.slice(0, MAX_TEXTS - 1), text];
    this.restored.set(fileId, { texts, atMs: this.scheduler.elapsedMs() });
    this.forgetOld();
  }

  /** Whoever makes it anew may know no more than one of these; none when nobody does so any more. */
  knownTexts(fileId: string): readonly string[] {
    return this.find(fileId)?.texts ?? [];
  }

  /** It was made anew with this text, or saved once more: for what is left of the time, that is what is known. */
  saved(fileId: string, text: string): void {
    const restored = this.find(fileId);
    if (restored) this.restored.set(fileId, { ...restored, texts: [text] });
  }

  private forgetOld(): void {
    const found = [...this.restored.keys()].flatMap((fileId) => this.find(fileId) ?? []);
    let length = found.reduce((sum, restored) => sum + lengthOf(restored), 0);
    for (const [fileId, restored] of this.restored) {
      if (length <= MAX_LENGTH || this.restored.size === 1) return;
      this.restored.delete(fileId);
      length -= lengthOf(restored);
    }
  }

  private find(fileId: string): Restored | undefined {
    const restored = this.restored.get(fileId);
    if (restored && this.scheduler.elapsedMs() - restored.atMs < MADE_ANEW_MS) return restored;
    this.restored.delete(fileId);
    return undefined;
  }
}

function lengthOf({ texts }: Restored): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}
