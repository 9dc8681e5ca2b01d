import type { DocumentHead } from '../log/update-log.ts';
import type { Lacking } from './read-committed.ts';
import type { SyncPart } from './sync-part.ts';

const MAX_ANSWERS = 8;
/** Larger answers are not kept. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** Answers to `open` that hold while the document stays where it is: many who come back at once lack the same. */
export class AnswerCache {
  private head: DocumentHead = { epoch: '', headSeq: 0 };
  private readonly answers = new Map<number, Promise<readonly SyncPart[]>>();

  /** The answer from before, or what `read` gives. */
  async obtain(
    head: DocumentHead,
    lacking: Lacking,
    read: () => Promise<readonly SyncPart[]>,
  ): Promise<readonly SyncPart[]> {
    if (lacking.kind === 'difference') return read();
    if (head.epoch !== this.head.epoch || head.headSeq !== this.head.headSeq) this.answers.clear();
    this.head = head;
    const afterSeq = lacking.kind === 'tail' ? lacking.afterSeq : 0;
    const known = this.answers.get(afterSeq);
    if (known) return known;
    const answer = read();
    this.answers.set(afterSeq, answer);
    for (const oldest of this.answers.keys()) {
      if (this.answers.size <= MAX_ANSWERS) break;
      this.answers.delete(oldest);
    }
    try {
      const parts = await answer;
      if (parts.reduce((sum, { byteLength }) => sum + byteLength, 0) > MAX_ANSWER_BYTES) this.forget(afterSeq, answer);
      return parts;
    } catch (error) {
      this.forget(afterSeq, answer);
      throw error;
    }
  }

  private forget(afterSeq: number, answer: Promise<readonly SyncPart[]>): void {
    if (this.answers.get(afterSeq) === answer) this.answers.delete(afterSeq);
  }
}
