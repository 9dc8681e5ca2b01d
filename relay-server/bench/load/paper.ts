import * as Y from 'yjs';
import { readSequentialTrace } from '../../../shared/testing/traces.ts';

/** A paper as it was written, keystroke by keystroke. */
export interface TypedPaper {
  readonly author: number;
  readonly editCount: number;
  /** The Yjs update of a keystroke. */
  update(index: number): Uint8Array;
  /** The author's Yjs clock once a keystroke is applied; deleting does not move it. */
  clockAfter(index: number): number;
  readonly text: string;
  /** All of it as one update. */
  readonly state: Uint8Array;
}

const AUTHOR = 1;
const known = new Map<number, Promise<TypedPaper>>();

/** The first `maxEdits` keystrokes of the paper, and one more character that marks the end. Made once. */
export function typePaper(maxEdits: number): Promise<TypedPaper> {
  const paper = known.get(maxEdits) ?? replay(maxEdits);
  known.set(maxEdits, paper);
  return paper;
}

async function replay(maxEdits: number): Promise<TypedPaper> {
  const { transactions } = await readSequentialTrace('automerge-paper');
  const doc = new Y.Doc();
  doc.clientID = AUTHOR;
  const content = doc.getText('content');
  // One buffer for all: an array for each of 260,000 updates would cost the generator far more memory.
  let bytes = new Uint8Array(1024 * 1024);
  const ends: number[] = [];
  const clocks: number[] = [];
  doc.on('update', (update: Uint8Array) => {
    const start = ends.at(-1) ?? 0;
    const end = start + update.byteLength;
    if (end > bytes.byteLength) {
      const larger = new Uint8Array(Math.max(end, bytes.byteLength * 2));
      larger.set(bytes);
      bytes = larger;
    }
    bytes.set(update, start);
    ends.push(end);
    clocks.push(Y.getState(doc.store, AUTHOR));
  });
  for (const { patches } of transactions.slice(0, maxEdits)) {
    doc.transact(() => {
      for (const [position, deleteCount, text] of patches) {
        if (deleteCount > 0) content.delete(position, deleteCount);
        if (text !== '') content.insert(position, text);
      }
    });
  }
  content.insert(content.length, '\n');
  const paper = {
    author: AUTHOR,
    editCount: ends.length,
    update: (index: number) => bytes.subarray(index === 0 ? 0 : ends[index - 1], ends[index]),
    clockAfter: (index: number) => clocks[index] ?? 0,
    text: content.toJSON(),
    state: Y.encodeStateAsUpdate(doc),
  };
  doc.destroy();
  return paper;
}
