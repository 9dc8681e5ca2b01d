import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { archiveSegment } from '../log/archive-segment.ts';
import { FolderSegmentStore } from '../log/folder.ts';
import { LogFailure } from '../log/log-failure.ts';
import { SegmentReader } from '../log/segment-reader.ts';
import { SegmentedUpdateLog } from '../log/segmented-update-log.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import type { UpdateLog } from '../log/update-log.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { readChanges, readRoomChanges } from './read-changes.ts';

const ROOM = { tenant: 't', room: 'r' };
const MINUTE_MS = 60_000;

function start() {
  const folder = temporaryFolder();
  const storage = openSqliteStorage(join(folder, 'relay.db'));
  onTestFinished(() => storage.dispose());
  const scheduler = new ManualScheduler();
  const store = new FolderSegmentStore(join(folder, 'segments'));
  const reader = new SegmentReader(store, scheduler);
  onTestFinished(() => reader.dispose());
  const log: UpdateLog = new SegmentedUpdateLog(storage.log, storage.segments, reader);
  const docs = new Map<string, Y.Doc>();
  let clientSeq = 0;
  /** Somebody types so many characters, one by one. */
  async function type(document: string, subject: string, count: number, timeMs = 0): Promise<void> {
    const doc = docs.get(`${document} ${subject}`) ?? new Y.Doc();
    doc.clientID = subject.codePointAt(0) ?? 0;
    docs.set(`${document} ${subject}`, doc);
    const updates = Array.from({ length: count }, (_, index) => {
      const before = Y.encodeStateVector(doc);
      doc.getText('content').insert(0, 'x');
      const payload = Y.encodeStateAsUpdate(doc, before);
      const session = { subject, sessionId: `of ${subject}` };
      return { session, clientSeq: ++clientSeq, name: subject.toUpperCase(), timeMs: timeMs + index, payload };
    });
    await log.append([{ key: { ...ROOM, document }, epochWhenNew: 'e', updates }]);
  }
  async function archive(document: string, fromSeq: number, throughSeq: number): Promise<void> {
    const key = { ...ROOM, document };
    await log.setSnapshot(key, { seq: throughSeq, snapshotId: `at ${throughSeq}`, byteLength: 1 }, undefined);
    const services = { log: storage.log, index: storage.segments, store, scheduler };
    const candidate = { key, epoch: 'e', fromSeq, throughSeq };
    const limits = { maxUpdates: throughSeq, maxBytes: 1e6 };
    expect(await archiveSegment(services, candidate, limits, new AbortController().signal)).toBe('archived');
  }
  const read = (document: string, afterSeq: number, epoch = 'e') =>
    readChanges(log, ROOM, { document, epoch, afterSeq });
  return { log, rows: storage.log, type, archive, read };
}

it('says who changed a document, in the database and in segments alike', async () => {
  const { rows, type, archive, read } = start();
  await type('file', 'ana', 5, 1_000);
  await type('file', 'ben', 3, 2_000);
  await type('file', 'ana', 2, 3_000);
  await type('file', 'ana', 4, 3_000 + 2 * MINUTE_MS);
  const [ana, ben] = ['a', 'b'].map((letter) => letter.codePointAt(0));
  const expected = {
    kind: 'changes',
    changes: {
      epoch: 'e',
      headSeq: 14,
      throughSeq: 14,
      isCut: false,
      changes: [
        { fromSeq: 1, toSeq: 10, subject: 'ana', name: 'ANA', fromMs: 1_000, toMs: 3_001, clients: [[ana, 0, 7]] },
        { fromSeq: 6, toSeq: 8, subject: 'ben', name: 'BEN', fromMs: 2_000, toMs: 2_002, clients: [[ben, 0, 3]] },
        {
          fromSeq: 11,
          toSeq: 14,
          subject: 'ana',
          name: 'ANA',
          fromMs: 123_000,
          toMs: 123_003,
          clients: [[ana, 7, 11]],
        },
      ],
    },
  };
  expect(await read('file', 0)).toEqual(expected);
  await archive('file', 1, 7);
  expect(
    (await rows.readUpdates({ ...ROOM, document: 'file' }, { afterSeq: 0, throughSeq: 99, maxBytes: 1e9 }))[0]?.seq,
  ).toBe(8);
  expect(await read('file', 0)).toEqual(expected);
  expect(await read('file', 6)).toMatchObject({
    changes: {
      changes: [
        { fromSeq: 7, toSeq: 8, subject: 'ben', clients: [[ben, 1, 3]] },
        { fromSeq: 9, toSeq: 10, subject: 'ana', clients: [[ana, 5, 7]] },
        { fromSeq: 11, toSeq: 14 },
      ],
    },
  });
  expect(await read('file', 14)).toMatchObject({ changes: { throughSeq: 14, isCut: false, changes: [] } });
  expect(await read('file', 99)).toMatchObject({ changes: { headSeq: 14, isCut: false, changes: [] } });
});

it('knows nothing of a document that is not there, or of an epoch that is over', async () => {
  const { type, read } = start();
  await type('file', 'ana', 1);
  expect(await read('other', 0)).toEqual({ kind: 'unknown' });
  expect(await read('file', 0, 'before')).toEqual({ kind: 'other-epoch' });
});

it('ends after 20,000 updates, and goes on from there when it is asked again', async () => {
  const { type, read } = start();
  await type('file', 'ana', 15_000);
  await type('file', 'ben', 6_000);
  const first = await read('file', 0);
  expect(first).toMatchObject({ changes: { headSeq: 21_000, throughSeq: 20_000, isCut: true } });
  expect(await read('file', 20_000)).toMatchObject({
    changes: { throughSeq: 21_000, isCut: false, changes: [{ subject: 'ben', fromSeq: 20_001, toSeq: 21_000 }] },
  });
});

it('ends after 8 MiB', async () => {
  const { log, read } = start();
  const key = { ...ROOM, document: 'file' };
  for (let clientSeq = 1; clientSeq <= 5; clientSeq++) {
    const doc = new Y.Doc();
    doc.getText('content').insert(0, 'x'.repeat(3 * 1024 * 1024));
    const payload = Y.encodeStateAsUpdate(doc);
    const session = { subject: 'ana', sessionId: 's' };
    await log.append([{ key, epochWhenNew: 'e', updates: [{ session, clientSeq, name: 'Ana', timeMs: 1, payload }] }]);
  }
  expect(await read('file', 0)).toMatchObject({ changes: { headSeq: 5, throughSeq: 3, isCut: true } });
});

it('says who changed which of many documents, and that of one nothing is known', async () => {
  const { log, type, archive } = start();
  await type('one', 'ana', 3, 5_000);
  await type('one', 'ben', 2, 1_000);
  await type('one', 'ana', 1, 9 * MINUTE_MS);
  await type('two', 'ben', 2);
  await type('three', 'ana', 2);
  await archive('one', 1, 4);
  const since = (document: string, afterSeq: number, epoch = 'e') => ({ document, epoch, afterSeq });
  const wanted = [since('two', 2), since('one', 1), since('none', 0), since('three', 1, 'before')];
  expect(await readRoomChanges(log, ROOM, wanted)).toEqual({
    looked: 4,
    documents: [
      {
        document: 'one',
        epoch: 'e',
        headSeq: 6,
        isCut: false,
        people: [
          { subject: 'ana', name: 'ANA', fromMs: 5_001, toMs: 9 * MINUTE_MS },
          { subject: 'ben', name: 'BEN', fromMs: 1_000, toMs: 1_001 },
        ],
      },
      { document: 'three', epoch: 'e', headSeq: 2, isCut: true, people: [] },
    ],
  });
});

it('looks at so many documents at a time, and at so much of each', async () => {
  const { log, type } = start();
  const wanted = Array.from({ length: 502 }, (_, index) => ({ document: `d${index}`, epoch: 'e', afterSeq: 0 }));
  for (const { document } of wanted) await type(document, 'ana', 1);
  const first = await readRoomChanges(log, ROOM, wanted);
  expect([first.looked, first.documents.length]).toEqual([500, 500]);
  const rest = await readRoomChanges(log, ROOM, wanted.slice(first.looked));
  expect([rest.looked, rest.documents.map(({ document }) => document)]).toEqual([2, ['d500', 'd501']]);
  await type('long', 'ana', 2_001);
  const [long] = (await readRoomChanges(log, ROOM, [{ document: 'long', epoch: 'e', afterSeq: 0 }])).documents;
  expect(long).toMatchObject({ isCut: true, people: [{ subject: 'ana' }] });
});

it('lets one damaged document be no reason to say nothing of the others', async () => {
  const { log, type } = start();
  await type('bad', 'ana', 1);
  await type('good', 'ben', 1);
  const failing = (code: 'corrupted' | 'busy') => ({
    readDocument: log.readDocument.bind(log),
    readHeads: log.readHeads.bind(log),
    readUpdates: async (...[key, range]: Parameters<UpdateLog['readUpdates']>) => {
      if (key.document === 'bad') throw new LogFailure(code, 'it cannot be read');
      return log.readUpdates(key, range);
    },
  });
  const wanted = ['bad', 'good'].map((document) => ({ document, epoch: 'e', afterSeq: 0 }));
  expect((await readRoomChanges(failing('corrupted'), ROOM, wanted)).documents).toMatchObject([
    { document: 'bad', isCut: true, people: [] },
    { document: 'good', isCut: false, people: [{ subject: 'ben' }] },
  ]);
  await expect(readRoomChanges(failing('busy'), ROOM, wanted)).rejects.toMatchObject({ code: 'busy' });
});

it('says who deleted what, once, though all deletions are sent again by whoever comes back', async () => {
  const { log, read } = start();
  const [ana, ben] = [new Y.Doc(), new Y.Doc()];
  let clientSeq = 0;
  const send = async (subject: string, payload: Uint8Array, timeMs: number) => {
    const update = { session: { subject, sessionId: subject }, clientSeq: ++clientSeq, name: subject, timeMs, payload };
    await log.append([{ key: { ...ROOM, document: 'file' }, epochWhenNew: 'e', updates: [update] }]);
  };
  ana.clientID = 7;
  ana.getText('content').insert(0, '0123456789');
  await send('ana', Y.encodeStateAsUpdate(ana), 0);
  Y.applyUpdate(ben, Y.encodeStateAsUpdate(ana));
  ben.getText('content').delete(2, 2);
  await send('ben', Y.encodeStateAsUpdate(ben, Y.encodeStateVector(ben)), 1);
  Y.applyUpdate(ana, Y.encodeStateAsUpdate(ben));
  ana.getText('content').delete(1, 4);
  await send('ana', Y.encodeStateAsUpdate(ana, Y.encodeStateVector(ana)), 2);
  await send('ben', Y.encodeStateAsUpdate(ana, Y.encodeStateVector(ana)), MINUTE_MS + 2);
  const asked = { document: 'file', epoch: 'e', afterSeq: 0, withDeletions: true };
  const outcome = await readChanges(log, ROOM, asked);
  const changes = outcome.kind === 'changes' ? outcome.changes.changes : [];
  expect(changes.map(({ subject, deleted }) => [subject, deleted])).toEqual([
    [
      'ana',
      [
        [7, 1, 2],
        [7, 4, 7],
      ],
    ],
    ['ben', [[7, 2, 4]]],
    ['ben', []],
  ]);
  const without = await read('file', 0);
  expect(without.kind === 'changes' && without.changes.changes.every(({ deleted }) => deleted === undefined)).toBe(
    true,
  );
});
