import * as Y from 'yjs';
import { expect, it } from 'vitest';
import { createTypist } from '../testing/raw-client.ts';
import { readRange } from '../testing/read-range.ts';
import { type ConnectedClient, RelayUnderTest } from '../testing/relay-under-test.ts';
import { SegmentReader } from './segment-reader.ts';
import { SegmentedUpdateLog } from './segmented-update-log.ts';
import { SnapshotBuilder } from './snapshot-builder.ts';
import type { CreateSnapshot } from './compact-document.ts';

const FILE = { tenant: 'default', room: 'room', document: 'file' };
const INTERVAL_MS = 20;

const buildHere: CreateSnapshot = async (pages) => {
  const builder = new SnapshotBuilder();
  for await (const page of pages) builder.add(page);
  return builder.finish();
};

/** A relay that archives early, on which ada has typed 60 updates; the first 50 are archived. */
async function setUp() {
  const archiving = { keptUpdates: 4, keptMs: 1, segmentUpdates: 10, intervalMs: INTERVAL_MS };
  const compaction = { afterUpdates: 5, afterBytes: 1e9, createSnapshot: buildHere };
  const relay = new RelayUnderTest({ archiving, compaction });
  const ada = await relay.join('ada.editor', 'session-of-ada-00001');
  await open(relay, ada);
  const typist = createTypist(1);
  const updates: Uint8Array[] = [];
  for (let clientSeq = 1; clientSeq <= 60; clientSeq++) {
    const update = typist.type(`${clientSeq} `);
    updates.push(update);
    ada.client.update(1, clientSeq, update);
    await relay.advance(5);
  }
  while (((await relay.log.readDocument(FILE))?.snapshot?.seq ?? 0) < 50) await relay.settle();
  await untilArchived(relay, 50);
  return { relay, ada, typist, updates };
}

async function untilArchived(relay: RelayUnderTest, seq: number): Promise<void> {
  while (!(await relay.segments.findAfter(FILE, seq - 1))) await relay.advance(INTERVAL_MS);
}

async function open(
  relay: RelayUnderTest,
  { client }: ConnectedClient,
  options: { epoch?: string; afterSeq?: number; stateVector?: Uint8Array } = {},
) {
  client.open(1, 'file', options);
  while (client.all('opened').length + client.all('document-closed').length === 0) await relay.settle();
  await relay.settle();
}

it('[SY2] gives everybody everything, however old their cursor is', { timeout: 30_000 }, async () => {
  const { relay, ada, typist } = await setUp();
  const { epoch } = ada.client.last('opened');
  const text = typist.doc.getText('content').toString();
  for (const afterSeq of [0, 1, 9, 10, 11, 35, 49, 50, 55, 60]) {
    const before = new Y.Doc();
    const reader = await relay.join('bob.editor', `session-of-bob-after-${afterSeq}`);
    // Such as a client has that stopped there.
    for (const [index, update] of (await updatesOf(relay)).entries())
      if (index < afterSeq) Y.applyUpdate(before, update);
    await open(relay, reader, { epoch, afterSeq, stateVector: Y.encodeStateVector(before) });
    const got = new Y.Doc();
    Y.applyUpdate(got, Y.encodeStateAsUpdate(before));
    for (const { payload } of reader.client.all('sync')) if (payload.byteLength > 0) Y.applyUpdate(got, payload);
    expect(got.getText('content').toString()).toBe(text);
  }
  expect(relay.problems).toEqual([]);

  async function updatesOf({ log, segments, segmentStore, scheduler }: RelayUnderTest): Promise<Uint8Array[]> {
    const reader = new SegmentReader(segmentStore, scheduler);
    const payloads: Uint8Array[] = [];
    for await (const { payload } of readRange(new SegmentedUpdateLog(log, segments, reader), FILE, 1, 60))
      payloads.push(payload);
    reader.dispose();
    return payloads;
  }
});

it('reads a document from its segments when its snapshot is too large for a message', { timeout: 30_000 }, async () => {
  const { relay, typist } = await setUp();
  const ada = await relay.join('ada.editor', 'session-of-ada-00002');
  await open(relay, ada);
  ada.client.update(1, 1, typist.type('more'));
  while (ada.client.all('ack').length === 0) await relay.advance(5);
  const record = await relay.log.readDocument(FILE);
  const bytes = Y.encodeStateAsUpdate(typist.doc);
  const snapshotId = await relay.snapshots.write(FILE, 61, bytes);
  expect(
    await relay.log.setSnapshot(FILE, { seq: 61, snapshotId, byteLength: 1e9 }, record?.snapshot?.snapshotId),
  ).toBe(true);
  relay.restart();
  const bob = await relay.join('bob.editor', 'session-of-bob-00001');
  await open(relay, bob);
  expect(bob.client.textOf(1)).toBe(typist.doc.getText('content').toString());
});

it('[UP5] is not harmed by an update that is sent again after it was archived', { timeout: 30_000 }, async () => {
  const { relay, typist, updates } = await setUp();
  const text = typist.doc.getText('content').toString();
  relay.restart();
  const again = await relay.join('ada.editor', 'session-of-ada-00001');
  const bob = await relay.join('bob.editor', 'session-of-bob-00001');
  await open(relay, again);
  await open(relay, bob);
  // As from a client that has lost every ack, with the numbers of the first time.
  for (const [index, update] of updates.entries()) again.client.update(1, index + 1, update);
  while (again.client.all('ack').at(-1)?.clientSeq !== 60) await relay.advance(5);
  expect(bob.client.textOf(1)).toBe(text);
  relay.restart();
  const eve = await relay.join('eve.editor', 'session-of-eve-00001');
  await open(relay, eve);
  expect(eve.client.textOf(1)).toBe(text);
  eve.client.update(1, 1, createTypist(2).type('!'));
  await relay.advance(5);
  expect(eve.client.last('ack')).toMatchObject({ clientSeq: 1 });
  expect(relay.problems).toEqual([]);
});
