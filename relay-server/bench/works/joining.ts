import { setTimeout as pause } from 'node:timers/promises';
import * as Y from 'yjs';
import type { HeldDocument } from '../load/bench-client.ts';
import type { Stage } from '../stage.ts';

/** What it took one newcomer to get a document. */
export interface JoinResult {
  /** Until everything has arrived, and is inflated. */
  readonly receivedMs: number;
  /** Until a Y.Doc has it. */
  readonly appliedMs: number;
  /** Over the connection, the upgrade and the handshake included. */
  readonly bytes: number;
  readonly doc: Y.Doc;
}

export interface JoinRequest {
  readonly room: string;
  readonly id: number;
  /** Yjs clocks by author. A server may say that it has sent everything and send it later. */
  readonly expected: ReadonlyMap<number, number>;
  /** How long to wait for what is expected. */
  readonly withinMs: number;
}

/** Joins a room with nothing and builds its document. What was expected may be missing from it. */
export async function joinNew(stage: Stage, { room, id, expected, withinMs }: JoinRequest): Promise<JoinResult> {
  const updates: Uint8Array[] = [];
  let receivedMs = 0;
  const startMs = performance.now();
  const onUpdate = (update: Uint8Array) => {
    updates.push(update.slice());
    receivedMs = performance.now();
  };
  const connect = await stage.admit({ room, id, onUpdate });
  const connectMs = performance.now();
  const client = await connect();
  const doc = new Y.Doc();
  const apply = () => doc.transact(() => updates.splice(0).forEach((update) => Y.applyUpdate(doc, update)));
  apply();
  const appliedMs = performance.now();
  let lateMs = 0;
  while (!hasAll(doc, expected) && performance.now() - startMs < withinMs) {
    await pause(1);
    if (updates.length === 0) continue;
    const beforeMs = performance.now();
    apply();
    lateMs = performance.now() - beforeMs;
  }
  const bytes = client.socket.bytesReceived;
  client.close();
  const received = receivedMs - connectMs;
  return { receivedMs: received, appliedMs: Math.max(appliedMs - connectMs, received + lateMs), bytes, doc };
}

function hasAll(doc: Y.Doc, expected: ReadonlyMap<number, number>): boolean {
  return [...expected].every(([author, clock]) => clockOf(doc, author) >= clock);
}

/** How many structs of an author a document has. */
export function clockOf(doc: Y.Doc, author: number): number {
  return Y.getState(doc.store, author);
}

/** What somebody who has `doc` says when coming back. */
export function holdingOf(doc: Y.Doc): Omit<HeldDocument, 'cursor'> {
  const stateVector = Y.encodeStateVector(doc);
  return { stateVector, answer: Y.encodeStateAsUpdate(doc, stateVector) };
}
