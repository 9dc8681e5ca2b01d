import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { readRange } from '../testing/read-range.ts';
import { archiveSegment } from './archive-segment.ts';
import type { DocumentRepairs } from './document-repairs.ts';
import type { SegmentIndex } from './segment-index.ts';
import { SegmentReader } from './segment-reader.ts';
import type { SegmentStore } from './segment-store.ts';
import { SegmentedUpdateLog } from './segmented-update-log.ts';
import type { DocumentKey, LoggedUpdate, UpdateLog } from './update-log.ts';

const KEY: DocumentKey = { tenant: 't', room: 'r', document: 'd' };
const UPDATES = 30;

export interface ArchiveUnderTest {
  readonly log: UpdateLog;
  readonly segments: SegmentIndex;
  readonly repairs: DocumentRepairs;
  readonly store: SegmentStore;
}

/** What a log must do whose older updates are in segments. `open` gives empty storage, closed by the test's own hooks. */
export function describeSegmentedUpdateLog(
  name: string,
  open: () => ArchiveUnderTest | Promise<ArchiveUnderTest>,
): void {
  /** Thirty updates with two authors, and a snapshot at 25. */
  async function openFilled() {
    const opened = await open();
    const scheduler = new ManualScheduler();
    const updates = Array.from({ length: UPDATES }, (_, index) => ({
      session: { subject: index % 2 === 0 ? 'ada' : 'bob', sessionId: 's1' },
      clientSeq: index + 1,
      name: index % 2 === 0 ? 'Ada' : 'Bob',
      timeMs: 1_700_000_000_000 + index,
      payload: Buffer.alloc(10, index),
    }));
    await opened.log.append([{ key: KEY, epochWhenNew: 'e', updates }]);
    await opened.log.setSnapshot(KEY, { seq: 25, snapshotId: 'x', byteLength: 1 }, undefined);
    const reader = new SegmentReader(opened.store, scheduler);
    onTestFinished(() => reader.dispose());
    const log = new SegmentedUpdateLog(opened.log, opened.segments, reader);
    /** Archives the next updates after those that are archived. */
    const archive = async (fromSeq: number, maxUpdates: number) => {
      const candidate = { key: KEY, epoch: 'e', fromSeq, throughSeq: 25 };
      const services = { log: opened.log, index: opened.segments, store: opened.store, scheduler };
      const limits = { maxUpdates, maxBytes: 1e6 };
      return archiveSegment(services, candidate, limits, new AbortController().signal);
    };
    const expected = updates.map((update, index): LoggedUpdate => ({ ...update, seq: index + 1 }));
    return { ...opened, rows: opened.log, log, archive, expected };
  }

  const readable = (updates: readonly LoggedUpdate[]) =>
    updates.map(({ payload, ...rest }) => ({ ...rest, payload: Buffer.from(payload).toString('hex') }));

  describe(`log with segments: ${name}`, () => {
    it('is read as one stream, with authors and times, from any number to any number', async () => {
      const { log, rows, archive, expected } = await openFilled();
      expect(await archive(1, 7)).toBe('archived');
      expect(await archive(8, 1)).toBe('archived');
      expect(await archive(9, 9)).toBe('archived');
      expect((await rows.readUpdates(KEY, { afterSeq: 0, throughSeq: 99, maxBytes: 1e9 }))[0]?.seq).toBe(18);
      for (const [from, to] of [
        [1, UPDATES],
        [1, 7],
        [7, 8],
        [5, 20],
        [17, 18],
        [18, 30],
        [12, 12],
      ] as const) {
        const read: LoggedUpdate[] = [];
        for await (const update of readRange(log, KEY, from, to)) read.push(update);
        expect(readable(read)).toEqual(readable(expected.slice(from - 1, to)));
      }
    });

    it('gives the next updates, however small a page is', async () => {
      const { log, archive } = await openFilled();
      await archive(1, 5);
      await archive(6, 5);
      const seqs = async (afterSeq: number, throughSeq: number, maxBytes: number) =>
        (await log.readUpdates(KEY, { afterSeq, throughSeq, maxBytes })).map(({ seq }) => seq);
      expect(await seqs(0, 99, 1)).toEqual([1]);
      expect(await seqs(0, 99, 20)).toEqual([1, 2]);
      expect(await seqs(2, 4, 1000)).toEqual([3, 4]);
      expect(await seqs(4, 99, 1)).toEqual([5]);
      expect(await seqs(5, 99, 1)).toEqual([6]);
      expect(await seqs(10, 12, 1000)).toEqual([11, 12]);
      expect(await seqs(UPDATES, 99, 1000)).toEqual([]);
      expect(await seqs(9, 9, 1000)).toEqual([]);
    });

    it('has no gap for a reader in whose middle the updates are archived', async () => {
      const { log, archive } = await openFilled();
      const read: number[] = [];
      let archived = 0;
      let page = await log.readUpdates(KEY, { afterSeq: 0, throughSeq: UPDATES, maxBytes: 20 });
      while (page.length > 0) {
        read.push(...page.map(({ seq }) => seq));
        if (archived < 24) expect(await archive(archived + 1, 4)).toBe('archived');
        archived = Math.min(24, archived + 4);
        page = await log.readUpdates(KEY, { afterSeq: read.at(-1) ?? 0, throughSeq: UPDATES, maxBytes: 20 });
      }
      expect(read).toEqual(Array.from({ length: UPDATES }, (_, index) => index + 1));
    });

    it('is archived once when two do it at the same time, and leaves no object that is not needed', async () => {
      const { archive, store, segments } = await openFilled();
      const results = await Promise.all([archive(1, 10), archive(1, 10), archive(1, 8)]);
      expect([...results].sort()).toEqual(['archived', 'overtaken', 'overtaken']);
      const segment = await segments.findAfter(KEY, 0);
      expect((await store.list(KEY)).map(({ segmentId }) => segmentId)).toEqual([segment?.segmentId]);
      expect(await segments.abandonUploads(1e15)).toEqual([]);
      expect(await archive(1, 10)).toBe('overtaken');
    });

    it('says that a segment is missing or of another document, and reads the rest', async () => {
      const { log, archive, store, segments } = await openFilled();
      await archive(1, 5);
      await archive(6, 5);
      const first = (await segments.findAfter(KEY, 0))?.segmentId ?? '';
      await store.remove(KEY, first);
      const read = (afterSeq: number) => log.readUpdates(KEY, { afterSeq, throughSeq: UPDATES, maxBytes: 1e6 });
      await expect(read(2)).rejects.toMatchObject({
        name: 'LogFailure',
        code: 'corrupted',
        message: expect.stringMatching(
          /updates 1 to 5 of the document d in room r.*missing.*"repair --tenant t --room r --document d"/,
        ) as unknown,
      });
      expect((await read(5)).map(({ seq }) => seq)).toEqual([6, 7, 8, 9, 10]);
    });

    it('reads nothing in the place of a segment that was given up, and rows of a repair before a segment', async () => {
      const { log, archive, segments, repairs, expected } = await openFilled();
      await archive(1, 5);
      await archive(6, 5);
      const lost = (await segments.findAfter(KEY, 0))?.segmentId ?? '';
      const step = {
        fromEpoch: 'e',
        toEpoch: 'e2',
        droppedSnapshotId: undefined,
        damaged: [{ seq: 8, reason: 'it is bad' }],
        lostSegments: [{ toSeq: 5, segmentId: lost, reason: 'it is missing' }],
        timeMs: 1,
      };
      expect(await repairs.apply(KEY, step)).toBe(true);
      const read: LoggedUpdate[] = [];
      for await (const update of readRange(log, KEY, 1, UPDATES)) read.push(update);
      expect(read.map(({ seq }) => seq)).toEqual(expected.map(({ seq }) => seq));
      const isEmpty = ({ payload }: LoggedUpdate) => Buffer.from(payload).equals(Buffer.from([0, 0]));
      expect(read.filter(isEmpty).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 8]);
      expect(new Set(read.filter(isEmpty).map(({ session }) => session.subject))).toEqual(new Set(['tutti-repair']));
      const kept = (updates: readonly LoggedUpdate[]) => readable(updates.filter(({ seq }) => seq > 5 && seq !== 8));
      expect(kept(read)).toEqual(kept(expected));
    });
  });
}
