import { describe, expect, it } from 'vitest';
import type { NewSegment, SegmentIndex } from './segment-index.ts';
import type { DocumentRepairs } from './document-repairs.ts';
import type { DocumentKey, UpdateLog } from './update-log.ts';

const FILE: DocumentKey = { tenant: 't', room: 'r', document: 'file' };
const OTHER: DocumentKey = { ...FILE, document: 'other' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
const SESSION = { subject: 'ada', sessionId: 's1' };
const RULE = { keptUpdates: 2, writtenThroughMs: 1_000, minUpdates: 3 };

export interface SegmentsUnderTest {
  readonly log: UpdateLog;
  readonly segments: SegmentIndex;
  readonly repairs: DocumentRepairs;
}

/** What every {@link SegmentIndex} must do. `open` gives empty storage, closed by the test's own hooks. */
export function describeSegmentIndex(name: string, open: () => SegmentsUnderTest | Promise<SegmentsUnderTest>): void {
  /** Two documents with ten updates, and a snapshot at 8. */
  async function openFilled(): Promise<SegmentsUnderTest> {
    const opened = await open();
    const updates = Array.from({ length: 10 }, (_, index) => {
      const payload = new Uint8Array([index + 1]);
      return { session: SESSION, clientSeq: index + 1, name: 'Ada', timeMs: 100 * (index + 1), payload };
    });
    for (const key of [FILE, OTHER]) {
      await opened.log.append([{ key, epochWhenNew: 'e', updates }]);
      await opened.log.setSnapshot(key, { seq: 8, snapshotId: 'eight', byteLength: 1 }, undefined);
    }
    return opened;
  }

  const segmentOf = (fromSeq: number, toSeq: number, epoch = 'e'): NewSegment => {
    return { fromSeq, toSeq, epoch, segmentId: `${fromSeq}-${toSeq}`, byteLength: 9 };
  };

  async function archive({ segments }: SegmentsUnderTest, segment: NewSegment, key = FILE): Promise<boolean> {
    expect(await segments.beginUpload(key, segment.segmentId, 1)).toBe(true);
    return segments.commit(key, segment);
  }

  const seqsOf = async (log: UpdateLog, key = FILE) => (await log.readUpdates(key, ALL)).map(({ seq }) => seq);

  describe(`segment index: ${name}`, () => {
    it('knows of nothing at first', async () => {
      const { segments } = await open();
      expect(await segments.findAfter(FILE, 0)).toBeUndefined();
      expect(await segments.findCandidates(RULE, 0)).toEqual({ candidates: [], nextPlace: undefined });
      expect(await segments.abandonUploads(1e15)).toEqual([]);
      expect(await segments.beginUpload(FILE, '1-2', 1)).toBe(false);
      expect(await segments.commit(FILE, segmentOf(1, 2))).toBe(false);
    });

    it('replaces rows by a segment, in this document alone', async () => {
      const opened = await openFilled();
      expect(await archive(opened, segmentOf(1, 3))).toBe(true);
      expect(await archive(opened, segmentOf(4, 8))).toBe(true);
      expect(await seqsOf(opened.log)).toEqual([9, 10]);
      expect(await seqsOf(opened.log, OTHER)).toHaveLength(10);
      const { segments } = opened;
      const first = { ...segmentOf(1, 3), damage: undefined };
      const second = { ...segmentOf(4, 8), damage: undefined };
      for (const afterSeq of [0, 1, 2]) expect(await segments.findAfter(FILE, afterSeq)).toEqual(first);
      for (const afterSeq of [3, 7]) expect(await segments.findAfter(FILE, afterSeq)).toEqual(second);
      expect(await segments.findAfter(FILE, 8)).toBeUndefined();
      expect(await segments.findAfter(OTHER, 0)).toBeUndefined();
    });

    it('says the same when it is asked again for what it has done', async () => {
      const opened = await openFilled();
      expect(await archive(opened, segmentOf(1, 3))).toBe(true);
      expect(await opened.segments.commit(FILE, segmentOf(1, 3))).toBe(true);
      expect(await seqsOf(opened.log)).toHaveLength(7);
    });

    it.each<[string, NewSegment]>([
      ['beyond the snapshot', segmentOf(1, 9)],
      ['beyond a gap', segmentOf(2, 3)],
      ['of another epoch', segmentOf(1, 3, 'another')],
    ])('does nothing for a segment %s', async (_what, segment) => {
      const opened = await openFilled();
      expect(await archive(opened, segment)).toBe(false);
      expect(await seqsOf(opened.log)).toHaveLength(10);
      expect(await opened.segments.findAfter(FILE, 0)).toBeUndefined();
      expect(await archive(opened, segmentOf(1, 4))).toBe(true);
    });

    it('does nothing when an upload was not announced, or was given up', async () => {
      const opened = await openFilled();
      const { segments } = opened;
      expect(await segments.commit(FILE, segmentOf(1, 3))).toBe(false);
      await segments.beginUpload(FILE, '1-3', 50);
      expect(await segments.abandonUploads(50)).toEqual([]);
      expect(await segments.abandonUploads(51)).toEqual([{ key: FILE, segmentId: '1-3' }]);
      expect(await segments.commit(FILE, segmentOf(1, 3))).toBe(false);
      expect(await seqsOf(opened.log)).toHaveLength(10);
      // It is found again until its object is gone.
      expect(await segments.abandonUploads(51)).toHaveLength(1);
      await segments.forgetUpload({ key: FILE, segmentId: '1-3' });
      expect(await segments.abandonUploads(51)).toEqual([]);
      expect(await segments.commit(FILE, segmentOf(1, 3))).toBe(false);
    });

    it('never gives up what was committed', async () => {
      const opened = await openFilled();
      await archive(opened, segmentOf(1, 3));
      expect(await opened.segments.abandonUploads(1e15)).toEqual([]);
    });

    it('takes one of two segments that begin at the same update', async () => {
      const opened = await openFilled();
      const { segments } = opened;
      const rivals = [segmentOf(1, 3), segmentOf(1, 5), { ...segmentOf(1, 3), segmentId: 'another' }];
      for (const { segmentId } of rivals) await segments.beginUpload(FILE, segmentId, 1);
      const done = await Promise.all(rivals.map((segment) => segments.commit(FILE, segment)));
      expect(done.filter(Boolean)).toHaveLength(1);
      const winner = rivals[done.indexOf(true)];
      expect(await segments.findAfter(FILE, 0)).toMatchObject({ segmentId: winner?.segmentId });
      expect((await seqsOf(opened.log))[0]).toBe((winner?.toSeq ?? 0) + 1);
      expect(await segments.abandonUploads(1e15)).toHaveLength(2);
    });

    it('goes on with the numbers, takes known updates for known, and archived ones anew', async () => {
      const opened = await openFilled();
      await archive(opened, segmentOf(1, 3));
      const again = (clientSeq: number) => {
        const payload = new Uint8Array([clientSeq]);
        const update = { session: SESSION, clientSeq, name: 'Ada', timeMs: 5_000, payload };
        return opened.log.append([{ key: FILE, epochWhenNew: 'e', updates: [update] }]);
      };
      expect(await again(11)).toMatchObject([{ headSeq: 11, seqs: [11] }]);
      expect(await again(5)).toMatchObject([{ headSeq: 11, seqs: [5] }]);
      expect(await again(2)).toMatchObject([{ headSeq: 12, seqs: [12] }]);
      expect(await opened.log.readLastOfSession(FILE, SESSION)).toEqual({ clientSeq: 11, seq: 11 });
    });

    it('finds documents whose updates have rested for long enough', async () => {
      const opened = await openFilled();
      const { segments, log } = opened;
      const find = async (rule: Partial<typeof RULE> = {}) =>
        (await segments.findCandidates({ ...RULE, ...rule }, 0)).candidates.map(
          ({ key, fromSeq, throughSeq }) => `${key.document} ${fromSeq}-${throughSeq}`,
        );
      expect(await find()).toEqual(['file 1-8', 'other 1-8']);
      expect(await find({ keptUpdates: 5 })).toEqual(['file 1-5', 'other 1-5']);
      expect(await find({ keptUpdates: 8 })).toEqual([]);
      expect(await find({ minUpdates: 9 })).toEqual([]);
      expect(await find({ writtenThroughMs: 300 })).toEqual(['file 1-8', 'other 1-8']);
      expect(await find({ writtenThroughMs: 299 })).toEqual([]);
      await archive(opened, segmentOf(1, 4));
      expect(await find()).toEqual(['file 5-8', 'other 1-8']);
      await archive(opened, segmentOf(5, 8));
      expect(await find()).toEqual(['other 1-8']);
      await segments.beginUpload(OTHER, 'under way', 1);
      expect(await find()).toEqual([]);
      await segments.abandonUploads(2);
      expect(await find()).toEqual([]);
      await segments.forgetUpload({ key: OTHER, segmentId: 'under way' });
      expect(await find()).toEqual(['other 1-8']);
      await log.append([{ key: { ...FILE, document: 'without a snapshot' }, epochWhenNew: 'e', updates: [] }]);
      expect(await find()).toEqual(['other 1-8']);
    });

    it('gives many documents in pages, each once', async () => {
      const { log, segments } = await open();
      const updates = [1, 2, 3, 4, 5].map((clientSeq) => {
        return { session: SESSION, clientSeq, name: 'Ada', timeMs: 1, payload: new Uint8Array(1) };
      });
      const names = Array.from({ length: 45 }, (_, index) => `document ${index}`);
      for (const document of names) {
        const key = { ...FILE, document };
        await log.append([{ key, epochWhenNew: 'e', updates }]);
        await log.setSnapshot(key, { seq: 5, snapshotId: 'five', byteLength: 1 }, undefined);
      }
      const found: string[] = [];
      let place: number | undefined = 0;
      while (place !== undefined) {
        const page = await segments.findCandidates(RULE, place);
        expect(page.candidates.length).toBeLessThanOrEqual(20);
        found.push(...page.candidates.map(({ key }) => key.document));
        place = page.nextPlace;
      }
      expect(found.sort()).toEqual(names.sort());
    });

    it('marks a segment that a repair gives up, and keeps it', async () => {
      const opened = await openFilled();
      await archive(opened, segmentOf(1, 3));
      const step = { fromEpoch: 'e', toEpoch: 'e2', droppedSnapshotId: undefined, damaged: [], timeMs: 1 };
      const lostSegments = [{ toSeq: 3, segmentId: '1-3', reason: 'it is \0 gone' }];
      expect(await opened.repairs.apply(FILE, { ...step, lostSegments })).toBe(true);
      const found = await opened.segments.findAfter(FILE, 0);
      expect(found).toMatchObject({ segmentId: '1-3', epoch: 'e' });
      expect(found?.damage).toMatch(/^it is . gone$/s);
      expect(await archive(opened, segmentOf(4, 5))).toBe(false);
      expect(await archive(opened, segmentOf(4, 6, 'e2'))).toBe(true);
    });
  });
}
