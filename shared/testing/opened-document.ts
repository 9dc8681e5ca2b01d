import { onTestFinished } from 'vitest';
import * as Y from 'yjs';
import type { RoomSession } from '../sync/index.ts';
import { settle } from './scripted-relay.ts';
import { type SessionUnderTest, startSession } from './session-under-test.ts';

/** Opens a document until the test is over. */
export function open(session: RoomSession, name = 'file') {
  const lease = session.open(name);
  onTestFinished(() => lease.dispose());
  const { replica } = lease;
  return { lease, replica, doc: replica.doc, text: replica.doc.getText('content') };
}

/** A document with `content`, and the updates that lead to it. */
export function write(...pieces: readonly string[]) {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  for (const piece of pieces) doc.getText('content').insert(doc.getText('content').length, piece);
  return { doc, updates };
}

/** What the relay would hold after the client's updates. */
export function contentOf(payloads: readonly Uint8Array[], base = new Y.Doc()): string {
  for (const payload of payloads) Y.applyUpdate(base, payload);
  return base.getText('content').toString();
}

/** Cuts the connection and makes the next one. */
export async function reconnect({ relay, scheduler }: SessionUnderTest): Promise<void> {
  relay.latest.pair.cut();
  scheduler.advance(30_000);
  await settle();
  relay.latest.welcome();
}

/** A session that is in step with the relay in one empty document. */
export async function startOpened(options: Parameters<typeof startSession>[0] = {}) {
  const test = await startSession(options);
  const file = open(test.session);
  await settle();
  test.relay.latest.welcome();
  const handle = test.relay.latest.answerOpen();
  await settle();
  return { ...test, ...file, handle };
}
