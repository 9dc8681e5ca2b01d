import { expect } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { createSeededRandom, type SeededRandom } from '../../shared/testing/seeded-random.ts';
import { Archiver, type ArchiveOptions } from '../log/archiver.ts';
import { LogFailure } from '../log/log-failure.ts';
import type { SegmentIndex } from '../log/segment-index.ts';
import { SegmentReader } from '../log/segment-reader.ts';
import type { SegmentStore } from '../log/segment-store.ts';
import { SegmentedUpdateLog } from '../log/segmented-update-log.ts';
import type { DocumentKey, LoggedUpdate, UpdateLog } from '../log/update-log.ts';
import { readRange } from './read-range.ts';

/** Storage that several nodes share. */
export interface ArchiveStorage {
  readonly log: UpdateLog;
  readonly segments: SegmentIndex;
  readonly store: SegmentStore;
}

type Step = 'beginUpload' | 'write' | 'read' | 'commit' | 'remove' | 'forgetUpload' | 'abandonUploads';

const DOCUMENTS = ['one', 'two', 'three'];
const GRACE_MS = 10_000;
const INTERVAL_MS = 1_000;

/** What is asked for when nothing goes wrong any more. */
class Fault {
  private readonly random: SeededRandom;
  isOn = true;

  constructor(random: SeededRandom) {
    this.random = random;
  }

  /** Runs a step that may fail before it, after it, or end its node there and then, which is never heard of again. */
  async run<T>(step: Step, node: { isDead: boolean }, work: () => Promise<T>): Promise<T> {
    if (node.isDead) return new Promise(() => undefined);
    const fate = this.isOn ? this.random.next() : 1;
    const isCertain = step === 'read' || step === 'abandonUploads';
    if (fate < 0.04) throw new LogFailure('busy', `${step} failed before it was done`);
    if (fate < 0.07) node.isDead = true;
    if (node.isDead) return new Promise(() => undefined);
    const result = await work();
    // Nobody would start a node anew that ends now.
    if (!this.isOn && !node.isDead) return result;
    if (fate < 0.11 && !isCertain) throw new LogFailure('busy', `${step} was done, and nobody heard`);
    if (fate < 0.14) node.isDead = true;
    if (node.isDead) return new Promise(() => undefined);
    return result;
  }
}

/**
 * Appends, archives on two nodes, reads and crashes at random on storage that is empty, and checks that every reader
 * sees every update with its author, always. Gives the number of segments that were made.
 */
export async function fuzzArchive(storage: ArchiveStorage, seed: number, operations: number): Promise<number> {
  const random = createSeededRandom(seed);
  const scheduler = new ManualScheduler();
  const fault = new Fault(random);
  const written = new Map<string, LoggedUpdate[]>(DOCUMENTS.map((document) => [document, []]));
  const options: ArchiveOptions = {
    keptUpdates: random.below(8),
    keptMs: random.below(3_000),
    segmentUpdates: 2 + random.below(12),
    segmentBytes: random.pick([60, 1_000, 1e6]),
    graceMs: GRACE_MS,
    intervalMs: INTERVAL_MS,
  };
  const keyOf = (document: string): DocumentKey => ({ tenant: 't', room: `room ${seed}`, document });
  const reader = new SegmentReader(storage.store, scheduler);
  const whole = new SegmentedUpdateLog(storage.log, storage.segments, reader);
  const nodes = [0, 1].map(() => startNode(storage, scheduler, fault, options));
  let [snapshots, epochs, segmentCount] = [0, 0, 0];

  async function append(document: string): Promise<void> {
    const rows = written.get(document) ?? [];
    const updates = Array.from({ length: 1 + random.below(6) }, () => ({
      session: { subject: random.pick(['ada', 'bob']), sessionId: `s${random.below(3)} of ${seed}` },
      clientSeq: rows.length + random.below(1e9) + 1,
      name: random.pick(['Ada', 'Bob', '']),
      timeMs: scheduler.now(),
      payload: Buffer.from(`${document} ${random.next()}`),
    }));
    const [answer] = await storage.log.append([{ key: keyOf(document), epochWhenNew: 'e', updates }]);
    for (const [index, update] of updates.entries()) {
      const seq = answer?.seqs[index] ?? 0;
      if (seq === rows.length + 1) rows.push({ ...update, seq });
    }
  }

  async function snapshot(document: string): Promise<void> {
    const record = await storage.log.readDocument(keyOf(document));
    if (!record) return;
    const seq = Math.max(1, record.headSeq - random.below(5));
    const pointer = { seq, snapshotId: `snapshot ${++snapshots}`, byteLength: 1 };
    await storage.log.setSnapshot(keyOf(document), pointer, record.snapshot?.snapshotId);
  }

  async function beginEpoch(document: string): Promise<void> {
    const record = await storage.log.readDocument(keyOf(document));
    if (record) await storage.log.replaceEpoch(keyOf(document), record.epoch, `epoch ${++epochs}`);
  }

  /** Reads a part in small pages, while everything else goes on. */
  async function read(document: string): Promise<void> {
    const rows = written.get(document) ?? [];
    const toSeq = rows.length - random.below(3);
    const fromSeq = 1 + random.below(Math.max(1, toSeq));
    const maxBytes = random.pick([1, 100, 1e6]);
    let reached = fromSeq - 1;
    while (reached < toSeq) {
      const page = await whole.readUpdates(keyOf(document), { afterSeq: reached, throughSeq: toSeq, maxBytes });
      expectSame(page, rows.slice(reached, reached + Math.max(1, page.length)));
      reached += page.length;
      await new Promise(setImmediate);
    }
  }

  const reads: Promise<void>[] = [];
  for (let operation = 0; operation < operations; operation++) {
    const document = random.pick(DOCUMENTS);
    const choice = random.next();
    if (choice < 0.4) await append(document);
    else if (choice < 0.55) await snapshot(document);
    else if (choice < 0.75) scheduler.advance(random.below(2 * INTERVAL_MS));
    else if (choice < 0.95) reads.push(read(document));
    else if (choice < 0.97) await beginEpoch(document);
    for (const [index, node] of nodes.entries()) {
      if (!node.process.isDead) continue;
      node.archiver.dispose();
      nodes[index] = startNode(storage, scheduler, fault, options);
    }
    if (random.chance(0.5)) await new Promise(setImmediate);
  }
  await Promise.all(reads);
  fault.isOn = false;
  for (const [index, node] of nodes.entries()) {
    if (!node.process.isDead) continue;
    node.archiver.dispose();
    nodes[index] = startNode(storage, scheduler, fault, options);
  }
  // What crashes have left is removed, and the rest archived.
  for (let round = 0; round < 30; round++) {
    scheduler.advance(2 * INTERVAL_MS);
    await Promise.all(nodes.map(({ archiver }) => archiver.settled()));
  }
  for (const [document, rows] of written) await checkDocument(document, rows);
  expect(await storage.segments.abandonUploads(Number.MAX_SAFE_INTEGER)).toEqual([]);
  for (const { archiver, problems } of nodes) {
    archiver.dispose();
    expect(problems.filter((problem) => !(problem instanceof LogFailure) || problem.code !== 'busy')).toEqual([]);
  }
  reader.dispose();
  return segmentCount;

  async function checkDocument(document: string, rows: readonly LoggedUpdate[]): Promise<void> {
    const key = keyOf(document);
    const all: LoggedUpdate[] = [];
    for await (const update of readRange(whole, key, 1, rows.length)) all.push(update);
    expectSame(all, rows);
    // No object is there that no segment is, and no segment without its object.
    const referenced: string[] = [];
    let segment = await storage.segments.findAfter(key, 0);
    let reached = 0;
    while (segment) {
      expect(segment.fromSeq).toBe(reached + 1);
      reached = segment.toSeq;
      referenced.push(segment.segmentId);
      segmentCount++;
      segment = await storage.segments.findAfter(key, reached);
    }
    const stored = (await storage.store.list(key)).map(({ segmentId }) => segmentId);
    expect(stored.sort()).toEqual(referenced.sort());
    // What is in segments is no longer in the database.
    const hot = await storage.log.readUpdates(key, { afterSeq: 0, throughSeq: rows.length, maxBytes: 1e9 });
    expect(hot.map(({ seq }) => seq)).toEqual(rows.slice(reached).map(({ seq }) => seq));
  }
}

function startNode(storage: ArchiveStorage, scheduler: ManualScheduler, fault: Fault, options: ArchiveOptions) {
  const process = { isDead: false };
  const problems: unknown[] = [];
  const { segments, store } = storage;
  const index: SegmentIndex = {
    findAfter: (...parameters) => segments.findAfter(...parameters),
    findCandidates: (...parameters) => segments.findCandidates(...parameters),
    beginUpload: (...parameters) => fault.run('beginUpload', process, () => segments.beginUpload(...parameters)),
    commit: (...parameters) => fault.run('commit', process, () => segments.commit(...parameters)),
    abandonUploads: (...parameters) =>
      fault.run('abandonUploads', process, () => segments.abandonUploads(...parameters)),
    forgetUpload: (...parameters) => fault.run('forgetUpload', process, () => segments.forgetUpload(...parameters)),
  };
  const objects: SegmentStore = {
    write: (...parameters) => fault.run('write', process, () => store.write(...parameters)),
    read: (...parameters) => fault.run('read', process, () => store.read(...parameters)),
    remove: (...parameters) => fault.run('remove', process, () => store.remove(...parameters)),
    list: (...parameters) => store.list(...parameters),
  };
  const services = { log: storage.log, index, store: objects, scheduler };
  const archiver = new Archiver({ ...services, reportProblem: (error) => problems.push(error) }, options);
  return { process, problems, archiver };
}

/** Payloads as texts, which are quicker to compare. */
function expectSame(actual: readonly LoggedUpdate[], expected: readonly LoggedUpdate[]): void {
  const readable = ({ payload, ...rest }: LoggedUpdate) => ({ ...rest, payload: Buffer.from(payload).toString() });
  expect(actual.map(readable)).toEqual(expected.map(readable));
}
