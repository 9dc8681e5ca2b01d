import { PROTOCOL_LIMITS, type ClientMessage, type RelayMessage } from '../protocol/index.ts';

/** A document, and how far this device has it. */
export type ComparedCursor = Extract<ClientMessage, { type: 'compare' }>['entries'][number];

/** Where a document stands at the relay; no epoch and 0 when the relay has nothing of it. */
export type RelayHead = Extract<RelayMessage, { type: 'compared' }>['entries'][number];

/** What the relay says of documents that are not open. */
export type HeadsAnswer =
  /** Those that stand elsewhere than the cursors say. */
  | { readonly kind: 'compared'; readonly heads: readonly RelayHead[] }
  /** The relay is asked too often, or cannot read where they stand: ask again later. */
  | { readonly kind: 'later' }
  /** There is no connection, it ended before the answer, or the relay is too old to be asked. */
  | { readonly kind: 'unavailable' };

const UNAVAILABLE: HeadsAnswer = { kind: 'unavailable' };

/** Asks the relay which documents stand elsewhere, without opening them (SPEC HD). */
export class HeadQuestions {
  private readonly waiting = new Map<number, (answer: HeadsAnswer) => void>();
  private send: ((message: ClientMessage) => void) | undefined;
  private lastId = 0;

  /** `send` reaches a relay that takes `compare`. */
  connected(send: (message: ClientMessage) => void): void {
    this.send = send;
  }

  disconnected(): void {
    this.send = undefined;
    for (const resolve of this.waiting.values()) resolve(UNAVAILABLE);
    this.waiting.clear();
  }

  /** Throws RangeError above 20,000 cursors. */
  ask(cursors: readonly ComparedCursor[]): Promise<HeadsAnswer> {
    if (cursors.length > PROTOCOL_LIMITS.maxComparedDocuments)
      throw new RangeError(`${cursors.length} documents are too many to be compared at once`);
    const { send } = this;
    if (!send) return Promise.resolve(UNAVAILABLE);
    const requestId = ++this.lastId;
    return new Promise((resolve) => {
      this.waiting.set(requestId, resolve);
      send({ type: 'compare', requestId, entries: cursors });
    });
  }

  receive({ requestId, outcome, entries }: Extract<RelayMessage, { type: 'compared' }>): void {
    const resolve = this.waiting.get(requestId);
    this.waiting.delete(requestId);
    resolve?.(outcome === 'done' ? { kind: 'compared', heads: entries } : { kind: 'later' });
  }
}
