import * as Y from 'yjs';
import type { ConcurrentTrace } from '../../../shared/testing/traces.ts';
import { CONTENT_TEXT } from '../../../shared/workspace/index.ts';
import { createPatcher } from './trace-positions.ts';

const NOTHING = Y.encodeStateAsUpdate(new Y.Doc());

/** One transaction of a trace as the Yjs update that its author's window makes of it. */
export interface WrittenTransaction {
  readonly agent: number;
  readonly update: Uint8Array;
  /** The author's clock after it. */
  readonly clock: number;
  /** How far the author had seen the other one, as a clock of the other's. */
  readonly seenClock: number;
}

export interface WrittenTrace {
  /** By agent. The first is the lower: of what both insert at one place at once, the trace puts its first author first. */
  readonly clientIds: readonly [number, number];
  readonly transactions: readonly WrittenTransaction[];
}

/** For each transaction of two authors: how many of the other author's came before it. */
export function countOthersBefore({ transactions }: ConcurrentTrace): readonly number[] {
  const through: (readonly [number, number])[] = [];
  return transactions.map(({ parents, agent }) => {
    const known: [number, number] = [0, 0];
    for (const parent of parents) {
      const [first, second] = through[parent] ?? known;
      known[0] = Math.max(known[0], first);
      known[1] = Math.max(known[1], second);
    }
    const before = agent === 0 ? known[1] : known[0];
    through.push(agent === 0 ? [known[0] + 1, known[1]] : [known[0], known[1] + 1]);
    return before;
  });
}

/** Plays a trace of two authors, each of whom sees of the other exactly what the trace says. */
export function writeTrace(trace: ConcurrentTrace, clientIds: readonly [number, number]): WrittenTrace {
  const apply = createPatcher(trace.transactions);
  const othersBefore = countOthersBefore(trace);
  const windows = clientIds.map((clientId) => {
    const doc = new Y.Doc();
    doc.clientID = clientId;
    const window = { doc, updates: [] as Uint8Array[], clocks: [0], taken: 0 };
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'other') window.updates.push(update);
    });
    return window;
  });
  const transactions = trace.transactions.map(({ agent, patches }, index): WrittenTransaction => {
    const [self, other] = [windows[agent], windows[1 - agent]];
    if (!self || !other) throw new Error('the trace is of two authors');
    const before = othersBefore[index] ?? 0;
    for (; self.taken < before; self.taken++) {
      const update = other.updates[self.taken];
      if (update) Y.applyUpdate(self.doc, update, 'other');
    }
    const made = self.updates.length;
    apply(self.doc.getText(CONTENT_TEXT), patches);
    // A transaction may change nothing.
    if (self.updates.length === made) self.updates.push(NOTHING);
    const clock = Y.getState(self.doc.store, self.doc.clientID);
    self.clocks.push(clock);
    return { agent, update: self.updates[made] ?? NOTHING, clock, seenClock: other.clocks[before] ?? 0 };
  });
  for (const { doc } of windows) doc.destroy();
  return { clientIds, transactions };
}
