import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import type { DocumentHead, DocumentKey } from '../log/update-log.ts';
import type { Lacking } from './read-committed.ts';
import type { SyncPart } from './sync-part.ts';

const MAX_BYTES = 64 * 1024 * 1024;
/** Many come back within moments of each other, and then nobody for long. */
const KEPT_MS = 10_000;

interface Answer {
  readonly parts: Promise<readonly SyncPart[]>;
  /** 0 until they are read. */
  byteLength: number;
}

/** A process's recent answers to `open`: many who come back at once lack the same. */
export class AnswerCache implements Disposable {
  private readonly scheduler: Scheduler;
  /** The latest used last. */
  private readonly answers = new Map<string, Answer>();
  private readonly timer = new MutableDisposable<Disposable>();
  private byteLength = 0;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  /** The answer from before, or what `read` gives. */
  async obtain(
    at: DocumentKey & DocumentHead,
    lacking: Lacking,
    read: () => Promise<readonly SyncPart[]>,
  ): Promise<readonly SyncPart[]> {
    if (lacking.kind === 'difference') return read();
    const afterSeq = lacking.kind === 'tail' ? lacking.afterSeq : 0;
    const name = JSON.stringify([at.tenant, at.room, at.document, at.epoch, at.headSeq, afterSeq]);
    const known = this.answers.get(name);
    if (known) {
      this.answers.delete(name);
      this.answers.set(name, known);
      return known.parts;
    }
    const answer: Answer = { parts: read(), byteLength: 0 };
    this.answers.set(name, answer);
    this.timer.value ??= this.scheduler.schedule(() => this.clear(), KEPT_MS);
    try {
      const parts = await answer.parts;
      if (this.answers.get(name) === answer) this.count(answer, parts);
      return parts;
    } catch (error) {
      if (this.answers.get(name) === answer) this.answers.delete(name);
      throw error;
    }
  }

  private count(answer: Answer, parts: readonly SyncPart[]): void {
    // A part may be kept plain and compressed.
    answer.byteLength = 2 * parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.byteLength += answer.byteLength;
    for (const [oldest, { byteLength }] of this.answers) {
      if (this.byteLength <= MAX_BYTES) break;
      this.answers.delete(oldest);
      this.byteLength -= byteLength;
    }
  }

  private clear(): void {
    this.timer.value = undefined;
    this.answers.clear();
    this.byteLength = 0;
  }

  dispose(): void {
    this.timer.dispose();
    this.answers.clear();
  }
}
