import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { MemoryOfflineStore } from '../testing/memory-offline-store.ts';
import { settle } from '../testing/scripted-relay.ts';
import { startSession } from '../testing/session-under-test.ts';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../workspace/index.ts';
import { filesWrittenBy } from './entry-edits.ts';
import type { RoomSession } from './room-session.ts';

function listOf(doc: Y.Doc): WorkspaceIndex {
  const index = new WorkspaceIndex(doc, { random: Math.random, nowMs: () => 0 });
  onTestFinished(() => index.dispose());
  return index;
}

function fileOf(fileId: string) {
  return { fileId, path: `${fileId}.ts`, eol: 'LF', bom: false, kind: 'text' } as const;
}

/** The replica of a document that stays open. */
function open(session: RoomSession, name: string) {
  const lease = session.open(name);
  onTestFinished(() => lease.dispose());
  return lease.replica;
}

it('names the files whose entries an update makes or changes', () => {
  const doc = new Y.Doc();
  onTestFinished(() => doc.destroy());
  const index = listOf(doc);
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  index.add([fileOf('a'), fileOf('b')]);
  index.update('b', { path: 'c.ts' });
  index.roomName = 'room';
  expect(updates.map((update) => [...filesWrittenBy(doc, update)])).toEqual([['a', 'b'], ['b'], []]);
  expect(filesWrittenBy(doc, Uint8Array.of(255, 1, 2))).toEqual(new Set());
});

it('says of a file whose entry the relay does not have that it is on this device, until the ack', async () => {
  const { session, relay } = await startSession();
  const list = new Y.Doc();
  onTestFinished(() => list.destroy());
  listOf(list).add([fileOf('old'), fileOf('moved')]);
  const index = listOf(open(session, INDEX_DOCUMENT).doc);
  relay.latest.welcome();
  await settle();
  const handle = relay.latest.answerOpen(list, { seq: 1 });
  await settle();
  index.add([fileOf('new')]);
  index.update('moved', { path: 'elsewhere.ts' });
  const [old, moved, file] = [open(session, 'old'), open(session, 'moved'), open(session, 'new')];
  const kinds = () => [old, moved, file].map(({ saveState }) => saveState.kind);
  const told: string[] = [];
  const listening = file.onDidChangeStatus(() => told.push(file.saveState.kind));
  onTestFinished(() => listening.dispose());
  await settle();
  expect(kinds()).toEqual(['on-the-relay', 'on-this-device', 'on-this-device']);
  const { clientSeq } = relay.latest.last('update');
  relay.latest.send({ type: 'ack', handle, clientSeq, seq: 3 });
  await settle();
  expect([...kinds(), told.at(-1)]).toEqual(Array.from({ length: 4 }, () => 'on-the-relay'));
});

it('knows it after a restart without a relay, too', async () => {
  const store = new MemoryOfflineStore();
  const before = await startSession({ store });
  listOf(open(before.session, INDEX_DOCUMENT).doc).add([fileOf('new')]);
  await settle();
  await before.session.leave();
  const { session } = await startSession({ store });
  const file = open(session, 'new');
  open(session, INDEX_DOCUMENT);
  await settle();
  expect(file.saveState.kind).toBe('on-this-device');
});
