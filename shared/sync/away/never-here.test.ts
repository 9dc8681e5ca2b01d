import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { MemoryDisk, MemoryOfflineStore } from '../../testing/memory-offline-store.ts';
import { settle } from '../../testing/scripted-relay.ts';
import { startSession } from '../../testing/session-under-test.ts';
import type { DocumentReplica } from '../document-replica.ts';
import type { RoomSession } from '../room-session.ts';
import { WorkspaceIndex } from '../../workspace/index.ts';

const FILE = { path: 'a.ts', eol: 'LF', bom: false, kind: 'text' } as const;

function openIn(session: RoomSession, name: string): DocumentReplica {
  const lease = session.open(name);
  onTestFinished(() => lease.dispose());
  return lease.replica;
}

function createList(): { readonly doc: Y.Doc; readonly index: WorkspaceIndex } {
  const doc = new Y.Doc();
  const index = new WorkspaceIndex(doc, { random: Math.random, nowMs: () => 0 });
  onTestFinished(() => {
    index.dispose();
    doc.destroy();
  });
  return { doc, index };
}

it('a text that comes for the first time is no change of others, whatever was typed into its place', async () => {
  const { session, relay, scheduler } = await startSession();
  const { doc, index } = createList();
  index.add([{ ...FILE, fileId: 'theirs' }]);
  relay.latest.welcome();
  openIn(session, 'index');
  await settle();
  relay.latest.answerOpen(doc, { seq: 1 });
  await settle();
  relay.latest.goodbye(1012);
  await settle();
  const replica = openIn(session, 'theirs');
  await replica.whenLoaded;
  expect(replica.isKnown).toBe(false);
  replica.doc.getText('content').insert(0, 'typed ');
  scheduler.advance(600_000);
  await settle();
  relay.latest.pair.deliverAll();
  relay.latest.welcome();
  await settle();
  const text = new Y.Doc();
  onTestFinished(() => text.destroy());
  text.getText('content').insert(0, 'what others wrote long ago');
  for (const { document, handle, stateVector } of relay.latest.ofType('open')) {
    const state = document === 'index' ? doc : text;
    relay.latest.send(
      { type: 'opened', handle, epoch: 'e1', headSeq: 1, stateVector: Y.encodeStateVector(state), access: 'write' },
      { type: 'sync', handle, throughSeq: 1, isLast: true, payload: Y.encodeStateAsUpdate(state, stateVector) },
    );
  }
  await settle();
  expect(replica.doc.getText('content').toString()).toContain('what others wrote long ago');
  expect(replica.isSynced).toBe(true);
  expect(session.away.watch.ledger.summary).toBeUndefined();
});

it('tells that others changed a file which was never opened here, and takes nothing back of it', async () => {
  const { session, relay, scheduler } = await startSession();
  const { doc, index } = createList();
  index.add([
    { ...FILE, fileId: 'theirs' },
    { ...FILE, fileId: 'quiet', path: 'b.ts' },
  ]);
  openIn(session, 'index');
  const answerHeads = async (theirsSeq: number) => {
    const { requestId, entries } = relay.latest.last('compare');
    const heads = [
      { document: 'theirs', epoch: 'e1', headSeq: theirsSeq },
      { document: 'quiet', epoch: 'e1', headSeq: 2 },
    ].filter(({ document, epoch, headSeq }) =>
      entries.some((entry) => entry.document === document && (entry.epoch !== epoch || entry.seq !== headSeq)),
    );
    relay.latest.send({ type: 'compared', requestId, outcome: 'done', entries: heads });
    await settle();
  };
  const comeBack = async () => {
    relay.latest.welcome({ features: ['compare'] });
    await settle();
    relay.latest.answerOpen(doc, { seq: 1 });
    await settle();
  };
  await comeBack();
  await answerHeads(3);
  expect(session.away.summary).toBeUndefined();
  relay.latest.goodbye(1012);
  await settle();
  scheduler.advance(600_000);
  await settle();
  relay.latest.pair.deliverAll();
  await comeBack();
  await answerHeads(5);
  expect(session.away.summary?.changes).toMatchObject([{ fileId: 'theirs', path: 'a.ts', text: 'unread' }]);
  await answerHeads(5);
  const replica = openIn(session, 'theirs');
  await replica.whenLoaded;
  const text = new Y.Doc();
  onTestFinished(() => text.destroy());
  text.getText('content').insert(0, 'changed');
  relay.latest.answerOpen(text, { seq: 5 });
  await settle();
  expect(session.away.summary?.changes).toMatchObject([
    { fileId: 'theirs', text: 'theirs', hasTexts: false, isWithoutBefore: true },
  ]);
  expect(await session.away.act('theirs', 'undo-theirs')).toContain('was never on this device');
  expect(replica.doc.getText('content').toString()).toBe('changed');
});

it('knows what it made itself, across starts, and what it has stored, and nothing else', async () => {
  const disk = new MemoryDisk();
  const first = await startSession({ store: new MemoryOfflineStore(disk) });
  const index = new WorkspaceIndex(openIn(first.session, 'index').doc, { random: Math.random, nowMs: () => 0 });
  index.add([{ ...FILE, fileId: 'own' }]);
  index.dispose();
  const stored = openIn(first.session, 'stored');
  expect(openIn(first.session, 'own').isKnown).toBe(true);
  stored.doc.getText('content').insert(0, 'typed');
  await first.session.leave();
  const { session } = await startSession({ store: new MemoryOfflineStore(disk) });
  openIn(session, 'index');
  const replicas = ['own', 'stored', 'theirs', 'chat'].map((name) => openIn(session, name));
  await Promise.all(replicas.map(({ whenLoaded }) => whenLoaded));
  await settle();
  expect(replicas.map(({ name, isKnown }) => [name, isKnown])).toEqual([
    ['own', true],
    ['stored', true],
    ['theirs', false],
    ['chat', true],
  ]);
});
