import { describe, expect, it } from 'vitest';
import type { DocumentRepairs, RepairStep } from './document-repairs.ts';
import type { DocumentKey, UpdateLog } from './update-log.ts';

const FILE: DocumentKey = { tenant: 't', room: 'r', document: 'file' };
const OTHER: DocumentKey = { ...FILE, document: 'other' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
const STEP: RepairStep = {
  fromEpoch: 'epoch-1',
  toEpoch: 'epoch-2',
  droppedSnapshotId: undefined,
  damaged: [],
  lostSegments: [],
  timeMs: 1_700_000_000_000,
};

export interface RepairsUnderTest {
  readonly log: UpdateLog;
  readonly repairs: DocumentRepairs;
  /** Deletes a row of an update behind the log's back. */
  deleteUpdate(key: DocumentKey, seq: number): void | Promise<void>;
  /** What was moved aside. */
  listDamaged(): readonly unknown[] | Promise<readonly unknown[]>;
}

/** What every {@link DocumentRepairs} must do. `open` gives empty storage, closed by the test's own hooks. */
export function describeDocumentRepairs(name: string, open: () => RepairsUnderTest | Promise<RepairsUnderTest>): void {
  async function openFilled(): Promise<RepairsUnderTest> {
    const opened = await open();
    const session = { subject: 'ada', sessionId: 's1' };
    const updates = [1, 2, 3].map((clientSeq) => ({
      session,
      clientSeq,
      name: 'Ada',
      timeMs: clientSeq,
      payload: new Uint8Array([clientSeq]),
    }));
    for (const key of [FILE, OTHER]) await opened.log.append([{ key, epochWhenNew: 'epoch-1', updates }]);
    for (const key of [FILE, OTHER])
      await opened.log.setSnapshot(key, { seq: 2, snapshotId: 'two', byteLength: 9 }, undefined);
    return opened;
  }

  const payloadsOf = async (log: UpdateLog, key: DocumentKey) =>
    (await log.readUpdates(key, ALL)).map(({ seq, payload }) => [seq, ...payload]);

  describe(`document repairs: ${name}`, () => {
    it('moves rows aside, and leaves all others alone', async () => {
      const { log, repairs, listDamaged } = await openFilled();
      const damaged = [{ seq: 2, reason: 'it is bad' }];
      expect(await repairs.apply(FILE, { ...STEP, damaged })).toBe(true);
      expect(await payloadsOf(log, FILE)).toEqual([
        [1, 1],
        [2, 0, 0],
        [3, 3],
      ]);
      expect(await payloadsOf(log, OTHER)).toEqual([
        [1, 1],
        [2, 2],
        [3, 3],
      ]);
      expect(await log.readDocument(FILE)).toMatchObject({ epoch: 'epoch-2', headSeq: 3, snapshot: { seq: 2 } });
      expect(await log.readDocument(OTHER)).toMatchObject({ epoch: 'epoch-1', headSeq: 3 });
      expect(await listDamaged()).toMatchObject([
        { seq: 2, subject: 'ada', session_id: 's1', client_seq: 2, name: 'Ada', time_ms: 2, reason: 'it is bad' },
      ]);
    });

    it('fills gaps, and goes on with the next number', async () => {
      const { log, repairs, deleteUpdate, listDamaged } = await openFilled();
      for (const seq of [1, 3]) await deleteUpdate(FILE, seq);
      const damaged = [1, 3].map((seq) => ({ seq, reason: 'it is missing' }));
      expect(await repairs.apply(FILE, { ...STEP, damaged })).toBe(true);
      expect(await payloadsOf(log, FILE)).toEqual([
        [1, 0, 0],
        [2, 2],
        [3, 0, 0],
      ]);
      expect(await listDamaged()).toEqual([]);
      const session = { subject: 'ada', sessionId: 's2' };
      const update = { session, clientSeq: 1, name: 'Ada', timeMs: 1, payload: new Uint8Array([4]) };
      expect(await log.append([{ key: FILE, epochWhenNew: '', updates: [update] }])).toEqual([
        { epoch: 'epoch-2', headSeq: 4, seqs: [4] },
      ]);
    });

    it('repairs the same row again', async () => {
      const { repairs, listDamaged } = await openFilled();
      const damaged = [{ seq: 2, reason: 'it is bad' }];
      expect(await repairs.apply(FILE, { ...STEP, damaged })).toBe(true);
      const again = { ...STEP, damaged, fromEpoch: 'epoch-2', toEpoch: 'epoch-3' };
      expect(await repairs.apply(FILE, again)).toBe(true);
      expect(await listDamaged()).toHaveLength(2);
    });

    it('drops the snapshot that it was told of, so that another can be set', async () => {
      const { log, repairs } = await openFilled();
      expect(await repairs.apply(FILE, { ...STEP, droppedSnapshotId: 'two' })).toBe(true);
      expect(await log.readDocument(FILE)).toEqual({ epoch: 'epoch-2', headSeq: 3, snapshot: undefined });
      const pointer = { seq: 3, snapshotId: 'three', byteLength: 9 };
      expect(await log.setSnapshot(FILE, pointer, 'two')).toBe(false);
      expect(await log.setSnapshot(FILE, pointer, undefined)).toBe(true);
    });

    it('lists the documents of a room by pages, each once', async () => {
      const { log, repairs } = await openFilled();
      const names = ['b', 'a', 'A', 'ä', '10', '9', 'z z', '%', 'x'.repeat(200)];
      for (const document of names) await log.settleEpoch({ ...FILE, document }, 'epoch-1');
      for (const elsewhere of [{ tenant: 'other' }, { room: 'other' }])
        await log.settleEpoch({ ...FILE, ...elsewhere, document: 'elsewhere' }, 'epoch-1');
      const room = { tenant: FILE.tenant, room: FILE.room };
      const all = await repairs.listDocuments(room, { after: undefined, limit: 100 });
      expect(all.toSorted()).toEqual([...names, 'file', 'other'].toSorted());
      const paged: string[] = [];
      for (;;) {
        const page = await repairs.listDocuments(room, { after: paged.at(-1), limit: 4 });
        paged.push(...page);
        if (page.length < 4) break;
      }
      expect(paged).toEqual(all);
      expect(await repairs.listDocuments({ ...room, room: 'unknown' }, { after: undefined, limit: 4 })).toEqual([]);
    });

    it('does nothing when the document is not as described', async () => {
      const { log, repairs, listDamaged } = await openFilled();
      const before = await log.readDocument(FILE);
      const step = { ...STEP, damaged: [{ seq: 1, reason: 'it is bad' }] };
      expect(await repairs.apply(FILE, { ...step, fromEpoch: 'another' })).toBe(false);
      expect(await repairs.apply(FILE, { ...step, droppedSnapshotId: 'another' })).toBe(false);
      expect(await repairs.apply({ ...FILE, document: 'unknown' }, step)).toBe(false);
      expect(await log.readDocument(FILE)).toEqual(before);
      expect(await payloadsOf(log, FILE)).toEqual([
        [1, 1],
        [2, 2],
        [3, 3],
      ]);
      expect(await listDamaged()).toEqual([]);
    });
  });
}
