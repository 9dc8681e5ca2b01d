import { describe, expect, it } from 'vitest';
import type { DocumentAppend, DocumentKey, UpdateLog } from './update-log.ts';

const FILE: DocumentKey = { tenant: 't', room: 'r', document: 'file' };
const SESSION = { subject: 'ada', sessionId: 's1' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

function entry(
  clientSeqs: readonly number[],
  options: Partial<DocumentAppend> & { sessionId?: string; bytes?: number } = {},
) {
  const { key = FILE, epochWhenNew = 'epoch-1', sessionId = SESSION.sessionId, bytes = 3 } = options;
  const session = { subject: SESSION.subject, sessionId };
  return {
    key,
    epochWhenNew,
    updates: clientSeqs.map((clientSeq) => ({
      session,
      clientSeq,
      name: 'Ada',
      timeMs: 1_700_000_000_000 + clientSeq,
      payload: new Uint8Array(bytes).fill(clientSeq),
    })),
  } satisfies DocumentAppend;
}

/** What every {@link UpdateLog} must do. `open` gives an empty log, closed by the test's own hooks. */
export function describeUpdateLog(name: string, open: () => UpdateLog | Promise<UpdateLog>): void {
  describe(`update log: ${name}`, () => {
    it('knows nothing of a document that was never written and has no epoch', async () => {
      const log = await open();
      expect(await log.readDocument(FILE)).toBeUndefined();
      expect(await log.readUpdates(FILE, ALL)).toEqual([]);
      expect(await log.readLastOfSession(FILE, SESSION)).toBeUndefined();
    });

    it('[SY1] numbers updates 1, 2, 3 … within each document', async () => {
      const log = await open();
      expect(await log.append([entry([1, 2])])).toEqual([{ epoch: 'epoch-1', headSeq: 2, seqs: [1, 2] }]);
      const other = { ...FILE, document: 'other' };
      expect(await log.append([entry([3]), entry([4, 7], { key: other, epochWhenNew: 'epoch-2' })])).toEqual([
        { epoch: 'epoch-1', headSeq: 3, seqs: [3] },
        { epoch: 'epoch-2', headSeq: 2, seqs: [1, 2] },
      ]);
      expect(await log.readDocument(FILE)).toEqual({ epoch: 'epoch-1', headSeq: 3, snapshot: undefined });
      expect((await log.readUpdates(other, ALL)).map(({ seq, clientSeq }) => [seq, clientSeq])).toEqual([
        [1, 4],
        [2, 7],
      ]);
    });

    it('says where many documents stand, in the order of the question', async () => {
      const log = await open();
      const other = { ...FILE, document: 'other' };
      await log.append([entry([1, 2]), entry([3], { key: other, epochWhenNew: 'epoch-2' })]);
      expect(await log.readHeads([other, { ...FILE, room: 'elsewhere' }, FILE, other])).toEqual([
        { epoch: 'epoch-2', headSeq: 1 },
        undefined,
        { epoch: 'epoch-1', headSeq: 2 },
        { epoch: 'epoch-2', headSeq: 1 },
      ]);
      expect(await log.readHeads([])).toEqual([]);
    });

    it('keeps the epoch that a document was made with', async () => {
      const log = await open();
      await log.append([entry([1])]);
      expect(await log.append([entry([2], { epochWhenNew: 'another' })])).toMatchObject([{ epoch: 'epoch-1' }]);
    });

    it('[SY1] settles the epoch of a new document once, whoever asks and whoever writes first', async () => {
      const log = await open();
      const asked = ['epoch-1', 'epoch-2', 'epoch-3'].map((epoch) => log.settleEpoch(FILE, epoch));
      const settled = await Promise.all(asked);
      const [first] = settled;
      expect(['epoch-1', 'epoch-2', 'epoch-3']).toContain(first?.epoch);
      expect(settled).toEqual([first, first, first]);
      const head = { epoch: first?.epoch, headSeq: 0 };
      expect(first).toEqual(head);
      expect(await log.readDocument(FILE)).toEqual({ ...head, snapshot: undefined });
      expect(await log.readHeads([FILE, { ...FILE, document: 'other' }])).toEqual([head, undefined]);
      expect(await log.append([entry([1], { epochWhenNew: 'another' })])).toEqual([{ ...head, headSeq: 1, seqs: [1] }]);
      expect(await log.settleEpoch(FILE, 'epoch-4')).toEqual({ ...head, headSeq: 1 });
      expect(await log.replaceEpoch(FILE, head.epoch ?? '', 'epoch-5')).toBe('epoch-5');
      expect(await log.settleEpoch(FILE, 'epoch-6')).toEqual({ epoch: 'epoch-5', headSeq: 1 });
    });

    it('[SY1] gives all who settle the epochs of many new documents at once the same ones', async () => {
      const log = await open();
      const keys = Array.from({ length: 50 }, (_, index) => ({ ...FILE, document: `file-${index}` }));
      const askers = ['a', 'b', 'c', 'd'];
      const settled = await Promise.all(
        askers.map((asker) => Promise.all(keys.map((key) => log.settleEpoch(key, `epoch of ${asker}`)))),
      );
      const heads = await log.readHeads(keys);
      expect(settled).toEqual(askers.map(() => heads));
      expect(heads.every((head) => head?.headSeq === 0)).toBe(true);
    });

    it('[SY6] begins a new epoch once, whoever asks', async () => {
      const log = await open();
      expect(await log.replaceEpoch(FILE, 'epoch-1', 'epoch-2')).toBe('epoch-2');
      expect(await log.readDocument(FILE)).toBeUndefined();
      await log.append([entry([1])]);
      expect(await log.replaceEpoch(FILE, 'epoch-1', 'epoch-2')).toBe('epoch-2');
      expect(await log.replaceEpoch(FILE, 'epoch-1', 'epoch-3')).toBe('epoch-2');
      expect(await log.append([entry([2])])).toEqual([{ epoch: 'epoch-2', headSeq: 2, seqs: [2] }]);
    });

    it('keeps documents of the same name in other rooms and tenants apart', async () => {
      const log = await open();
      await log.append([
        entry([1]),
        entry([1], { key: { ...FILE, room: 'r2' } }),
        entry([1], { key: { ...FILE, tenant: 't2' } }),
      ]);
      for (const key of [FILE, { ...FILE, room: 'r2' }, { ...FILE, tenant: 't2' }]) {
        expect(await log.readDocument(key)).toMatchObject({ headSeq: 1 });
      }
    });

    it('gives back what was written, byte for byte', async () => {
      const log = await open();
      await log.append([entry([5], { bytes: 100_000 })]);
      const [update] = await log.readUpdates(FILE, ALL);
      expect(update).toMatchObject({ seq: 1, session: SESSION, clientSeq: 5, name: 'Ada', timeMs: 1_700_000_000_005 });
      expect(Buffer.from(update?.payload ?? []).equals(Buffer.alloc(100_000, 5))).toBe(true);
    });

    it('[UP5] stores the same update of a session once, within a batch and across batches', async () => {
      const log = await open();
      expect(await log.append([entry([1, 2, 1])])).toMatchObject([{ headSeq: 2, seqs: [1, 2, 1] }]);
      expect(await log.append([entry([2, 3])])).toMatchObject([{ headSeq: 3, seqs: [2, 3] }]);
      expect(await log.append([entry([3], { sessionId: 's2' })])).toMatchObject([{ headSeq: 4, seqs: [4] }]);
      expect(await log.readUpdates(FILE, ALL)).toHaveLength(4);
    });

    it('knows how far a session came in a document', async () => {
      const log = await open();
      await log.append([entry([4, 9, 6])]);
      expect(await log.readLastOfSession(FILE, SESSION)).toEqual({ clientSeq: 9, seq: 2 });
      expect(await log.readLastOfSession(FILE, { ...SESSION, sessionId: 's2' })).toBeUndefined();
      expect(await log.readLastOfSession({ ...FILE, document: 'other' }, SESSION)).toBeUndefined();
    });

    it('reads a range, and stops at a size', async () => {
      const log = await open();
      await log.append([entry([1, 2, 3, 4, 5], { bytes: 10 })]);
      const read = async (afterSeq: number, throughSeq: number, maxBytes: number) =>
        (await log.readUpdates(FILE, { afterSeq, throughSeq, maxBytes })).map(({ seq }) => seq);
      expect(await read(1, 4, 1000)).toEqual([2, 3, 4]);
      expect(await read(0, 5, 20)).toEqual([1, 2]);
      expect(await read(0, 5, 21)).toEqual([1, 2, 3]);
      expect(await read(2, 5, 1)).toEqual([3]);
      expect(await read(5, 9, 1000)).toEqual([]);
      // Nothing stays open that would stand in the way of the next write.
      await log.append([entry([6])]);
    });

    it('points to the newest snapshot only', async () => {
      const log = await open();
      await log.append([entry([1, 2, 3])]);
      expect(await log.setSnapshot(FILE, { seq: 2, snapshotId: 'two', byteLength: 20 }, undefined)).toBe(true);
      expect(await log.setSnapshot(FILE, { seq: 1, snapshotId: 'one', byteLength: 10 }, 'two')).toBe(false);
      expect(await log.readDocument(FILE)).toMatchObject({
        headSeq: 3,
        snapshot: { seq: 2, snapshotId: 'two', byteLength: 20 },
      });
      expect(await log.readUpdates(FILE, ALL)).toHaveLength(3);
    });

    it('moves the pointer only from where the caller saw it', async () => {
      const log = await open();
      await log.append([entry([1, 2, 3])]);
      const point = (seq: number, replacedId: string | undefined) =>
        log.setSnapshot(FILE, { seq, snapshotId: `at ${seq}`, byteLength: 1 }, replacedId);
      expect(await point(1, 'another')).toBe(false);
      expect(await log.readDocument(FILE)).toMatchObject({ snapshot: undefined });
      const isMoved = await Promise.all([point(1, undefined), point(2, undefined)]);
      expect(isMoved.filter(Boolean)).toHaveLength(1);
      const winner = isMoved[0] ? 'at 1' : 'at 2';
      expect(await point(3, undefined)).toBe(false);
      expect(await log.readDocument(FILE)).toMatchObject({ snapshot: { snapshotId: winner } });
      expect(await point(3, winner)).toBe(true);
      expect(await log.readDocument(FILE)).toMatchObject({ headSeq: 3, snapshot: { seq: 3, snapshotId: 'at 3' } });
    });
  });
}
