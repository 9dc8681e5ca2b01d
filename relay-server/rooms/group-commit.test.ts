import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { LogFailure } from '../log/log-failure.ts';
import type { DocumentAppend, DocumentAppended } from '../log/update-log.ts';
import {
  type CommitLimits,
  type CommitTarget,
  DEFAULT_COMMIT_LIMITS,
  GroupCommit,
  type PendingUpdate,
} from './group-commit.ts';

const BUSY = new LogFailure('busy', 'away');

/** A document that writes down what it hears. */
class RecordingTarget implements CommitTarget {
  readonly key;
  readonly epoch = 'e';
  readonly heard: string[] = [];

  constructor(document: string) {
    this.key = { tenant: 't', room: 'r', document };
  }

  committed(updates: readonly PendingUpdate[]): void {
    this.heard.push(`committed ${updates.map(({ clientSeq }) => clientSeq).join(' ')}`);
  }

  failed(updates: readonly PendingUpdate[], { code }: LogFailure): void {
    this.heard.push(`${code} ${updates.map(({ clientSeq }) => clientSeq).join(' ')}`);
  }
}

/** Appends that the test ends one by one; numbers do not matter here. */
class HeldLog {
  readonly maxConcurrentAppends: number;
  private readonly held: { readonly batch: readonly DocumentAppend[]; end(failure?: LogFailure): void }[] = [];

  constructor(maxConcurrentAppends: number) {
    this.maxConcurrentAppends = maxConcurrentAppends;
  }

  /** What is under way: the documents of each append and the clientSeqs. */
  get underWay(): string[] {
    return this.held.map(({ batch }) =>
      batch
        .map(({ key, updates }) => `${key.document}:${updates.map(({ clientSeq }) => clientSeq).join(' ')}`)
        .join(', '),
    );
  }

  /** Of what is under way. */
  get payloads(): Uint8Array[] {
    return this.held.flatMap(({ batch }) => batch.flatMap(({ updates }) => updates.map(({ payload }) => payload)));
  }

  append(batch: readonly DocumentAppend[]): Promise<readonly DocumentAppended[]> {
    return new Promise((resolve, reject) => {
      const answers = batch.map(({ epochWhenNew, updates }) => ({
        epoch: epochWhenNew,
        headSeq: updates.length,
        seqs: updates.map((_, index) => index + 1),
      }));
      this.held.push({ batch, end: (failure) => (failure ? reject(failure) : resolve(answers)) });
    });
  }

  /** Ends one that is under way, and lets the answer arrive. */
  async end(index = 0, failure?: LogFailure): Promise<void> {
    this.held.splice(index, 1)[0]?.end(failure);
    await turn();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function setUp(maxConcurrentAppends: number, limits: Partial<CommitLimits> = {}) {
  const scheduler = new ManualScheduler();
  const log = new HeldLog(maxConcurrentAppends);
  const commits = new GroupCommit(log, scheduler, { ...DEFAULT_COMMIT_LIMITS, ...limits });
  onTestFinished(() => commits.dispose());
  const [a, b, c] = [new RecordingTarget('a'), new RecordingTarget('b'), new RecordingTarget('c')];
  const add = (target: RecordingTarget, clientSeq: number, payload: number | Uint8Array = 1) =>
    commits.enqueue(target, {
      pendingId: clientSeq,
      session: { subject: 's', sessionId: 'i' },
      clientSeq,
      clientSeqs: [clientSeq],
      name: 'n',
      timeMs: 1,
      payload: typeof payload === 'number' ? new Uint8Array(payload) : payload,
    });
  return { scheduler, log, commits, a, b, c, add };
}

describe('group commit', () => {
  it('keeps of what was read with an update no more than the update, and copies nothing large', () => {
    const { scheduler, log, a, add } = setUp(1);
    const read = Buffer.alloc(64 * 1024, 7);
    const large = read.subarray(4_000);
    add(a, 1, read.subarray(100, 130));
    add(a, 2, large);
    scheduler.advance(3);
    const [first, second] = log.payloads;
    expect(first).toEqual(new Uint8Array(30).fill(7));
    expect(first?.buffer.byteLength).toBeLessThan(1_024);
    expect(second).toBe(large);
  });

  it('writes all documents in one commit when the log takes one at a time', async () => {
    const { scheduler, log, a, b, add } = setUp(1);
    add(a, 1);
    add(b, 2);
    add(a, 3);
    expect(log.underWay).toEqual([]);
    scheduler.advance(3);
    expect(log.underWay).toEqual(['a:1 3, b:2']);
    add(a, 4);
    add(b, 5);
    scheduler.advance(3);
    expect(log.underWay).toEqual(['a:1 3, b:2']);
    await log.end();
    expect(log.underWay).toEqual(['a:4, b:5']);
    await log.end();
    expect([a.heard, b.heard]).toEqual([
      ['committed 1 3', 'committed 4'],
      ['committed 2', 'committed 5'],
    ]);
  });

  it('commits a steady stream less often', async () => {
    const { scheduler, log, commits, a, add } = setUp(1);
    let count = 0;
    for (let clientSeq = 1; clientSeq <= 1_000; clientSeq++) {
      add(a, clientSeq);
      scheduler.advance(1);
      if (log.underWay.length === 0) continue;
      count++;
      await log.end();
    }
    expect(count).toBeGreaterThan(50);
    expect(count).toBeLessThan(80);
    // Somebody who waits is not kept waiting so long.
    const settled = commits.settled(a);
    scheduler.advance(3);
    await log.end();
    await settled;
    // What comes after a pause is not part of it.
    scheduler.advance(1_000);
    add(a, 1_001);
    scheduler.advance(3);
    expect(log.underWay).toEqual(['a:1001']);
    await log.end();
  });

  it('keeps nothing waiting twice: what found the log busy goes as soon as it is free', async () => {
    const { scheduler, log, a, b, add } = setUp(1);
    add(a, 1);
    scheduler.advance(3);
    add(a, 2);
    scheduler.advance(3);
    // Still being collected when the log is free again.
    add(b, 3);
    expect(log.underWay).toEqual(['a:1']);
    await log.end();
    expect(log.underWay).toEqual(['b:3, a:2']);
    await log.end();
    expect(b.heard).toEqual(['committed 3']);
  });

  it('lets no document wait for another when the log takes several, and never has two of one document', async () => {
    const { scheduler, log, a, b, c, add } = setUp(3);
    add(a, 1);
    scheduler.advance(3);
    add(a, 2);
    add(b, 3);
    scheduler.advance(3);
    expect(log.underWay).toEqual(['a:1', 'b:3']);
    await log.end(1);
    expect(b.heard).toEqual(['committed 3']);
    add(c, 4);
    scheduler.advance(3);
    expect(log.underWay).toEqual(['a:1', 'c:4']);
    await log.end(0);
    expect(log.underWay).toEqual(['c:4', 'a:2']);
    await log.end(0);
    await log.end(0);
  });

  it('shares the appends among the documents when there are more of them', async () => {
    const { scheduler, log, commits, add } = setUp(2);
    const targets = ['a', 'b', 'c', 'd', 'e'].map((name) => new RecordingTarget(name));
    for (const [index, target] of targets.entries()) add(target, index);
    scheduler.advance(3);
    expect(log.underWay).toEqual(['a:0, b:1, c:2', 'd:3, e:4']);
    const drained = commits.drain();
    await log.end();
    await log.end();
    await drained;
  });

  it('does not let small edits of others wait for a large one', async () => {
    const { scheduler, log, a, b, c, add } = setUp(2);
    add(a, 1, 200_000);
    add(a, 2, 200_000);
    add(b, 3);
    add(c, 4);
    scheduler.advance(3);
    expect(log.underWay).toEqual(['a:1 2', 'b:3, c:4']);
    await log.end(0);
    await log.end(0);
  });

  it('waits for one document, or for all', async () => {
    const { scheduler, log, commits, a, b, add } = setUp(2);
    add(a, 1);
    add(b, 2);
    const settled: string[] = [];
    const note = (name: string) => () => void settled.push(name);
    const all = Promise.all([
      commits.settled(a).then(note('a')),
      commits.settled(b).then(note('b')),
      commits.settled().then(note('all')),
    ]);
    scheduler.advance(3);
    add(a, 3);
    await log.end(0);
    expect(settled).toEqual(['a']);
    await log.end(0);
    expect(settled).toEqual(['a', 'b', 'all']);
    await all;
    scheduler.advance(3);
    expect(log.underWay).toEqual(['a:3']);
    await log.end();
  });

  it('tries again while the log is away, in order, each document by itself, and then refuses', async () => {
    const { scheduler, log, a, b, add } = setUp(1, { maxWaitMs: 1000 });
    add(a, 1);
    add(b, 2);
    scheduler.advance(3);
    await log.end(0, BUSY);
    scheduler.advance(50);
    add(a, 3);
    expect(log.underWay).toEqual([]);
    scheduler.advance(50);
    expect(log.underWay).toEqual(['a:1 3']);
    scheduler.advance(940);
    await log.end(0, BUSY);
    expect([a.heard, b.heard]).toEqual([['busy 1'], ['busy 2']]);
    scheduler.advance(200);
    expect(log.underWay).toEqual(['a:3']);
    await log.end();
    expect(a.heard).toEqual(['busy 1', 'committed 3']);
  });

  it('refuses at once what goes beyond the limits, of one document and of all', async () => {
    const { scheduler, log, a, b, c, add } = setUp(1, { maxBytes: 100, maxDocumentBytes: 60 });
    add(a, 1, 60);
    add(a, 2, 1);
    expect(a.heard).toEqual(['busy 2']);
    add(b, 3, 40);
    add(c, 4, 1);
    expect(c.heard).toEqual(['busy 4']);
    scheduler.advance(3);
    await log.end();
    expect([a.heard, b.heard]).toEqual([['busy 2', 'committed 1'], ['committed 3']]);
    add(c, 5, 60);
    scheduler.advance(3);
    await log.end();
    expect(c.heard).toEqual(['busy 4', 'committed 5']);
  });

  it('finds the document that the log does not take', async () => {
    const { scheduler, log, a, b, add } = setUp(1);
    const damaged = new LogFailure('corrupted', 'damaged');
    add(a, 1);
    add(b, 2);
    scheduler.advance(3);
    await log.end(0, damaged);
    expect(log.underWay).toEqual(['a:1']);
    await log.end(0, damaged);
    expect(log.underWay).toEqual(['b:2']);
    await log.end();
    expect([a.heard, b.heard]).toEqual([['corrupted 1'], ['committed 2']]);
  });
});
