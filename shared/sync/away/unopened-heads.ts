import { PROTOCOL_LIMITS } from '../../protocol/index.ts';
import type { ComparedCursor, HeadsAnswer } from '../head-questions.ts';
import type { SyncCursor } from '../offline-store.ts';
import type { AwayStore } from './away-store.ts';
import { readCursor } from './draft.ts';

const HEADS_NOTE = 'heads';

export interface UnopenedHeadsOptions {
  readonly store: AwayStore;
  readonly compareHeads: (cursors: readonly ComparedCursor[]) => Promise<HeadsAnswer>;
}

/**
 * Where documents of which this device has nothing stood at the relay when it was in touch last: so it can be told later
 * whether somebody has changed them since. Calls reject as the store does.
 */
export class UnopenedHeads {
  private readonly options: UnopenedHeadsOptions;
  private known: ReadonlyMap<string, SyncCursor> | undefined;

  constructor(options: UnopenedHeadsOptions) {
    this.options = options;
  }

  /** By document; what an earlier start noted included. */
  async read(): Promise<ReadonlyMap<string, SyncCursor>> {
    this.known ??= decode((await this.options.store.read('note', HEADS_NOTE))?.body ?? '');
    return this.known;
  }

  /** Asks the relay anew, of these documents alone. What was noted stays while it cannot tell. */
  async note(documents: readonly string[]): Promise<void> {
    const { store, compareHeads } = this.options;
    const heads = new Map<string, SyncCursor>();
    for (let next = 0; next < documents.length; next += PROTOCOL_LIMITS.maxComparedDocuments) {
      const asked = documents.slice(next, next + PROTOCOL_LIMITS.maxComparedDocuments);
      const answer = await compareHeads(asked.map((document) => ({ document, epoch: '', seq: 0 })));
      if (answer.kind !== 'compared') return;
      for (const { document, epoch, headSeq } of answer.heads) heads.set(document, { epoch, seq: headSeq });
    }
    const body = JSON.stringify([...heads].map(([document, { epoch, seq }]) => [document, epoch, seq]));
    if (this.known && heads.size === 0 && this.known.size === 0) return;
    this.known = heads;
    await store.write('note', { name: HEADS_NOTE, summary: '', body });
  }
}

/** Of a damaged note nothing is known. */
function decode(body: string): ReadonlyMap<string, SyncCursor> {
  const heads = new Map<string, SyncCursor>();
  try {
    const value: unknown = JSON.parse(body);
    const entries: readonly unknown[] = Array.isArray(value) ? value : [];
    for (const entry of entries) {
      const parts: readonly unknown[] = Array.isArray(entry) ? entry : [];
      const [document, epoch, seq] = parts;
      const cursor = readCursor({ epoch, seq });
      if (typeof document === 'string' && cursor) heads.set(document, cursor);
    }
  } catch {
    heads.clear();
  }
  return heads;
}
