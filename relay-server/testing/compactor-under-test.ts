import { join } from 'node:path';
import * as Y from 'yjs';
import { onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import type { CreateSnapshot } from '../log/compact-document.ts';
import { type CompactionOptions, Compactor } from '../log/compactor.ts';
import { FolderSnapshotStore } from '../log/folder.ts';
import { SnapshotBuilder } from '../log/snapshot-builder.ts';
import type { SnapshotStore } from '../log/snapshot-store.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import type { DocumentKey, UpdateLog } from '../log/update-log.ts';
import { createTypist } from './raw-client.ts';
import { temporaryFolder } from './relay-under-test.ts';

/** The document that is compacted when none is named. */
export const KEY = { tenant: 't', room: 'r', document: 'd' };
/** How long a replaced snapshot stays. */
export const GRACE_MS = 600_000;

/** Makes a snapshot without a thread. */
export const buildHere: CreateSnapshot = async (pages) => {
  const builder = new SnapshotBuilder();
  for await (const page of pages) builder.add(page);
  return builder.finish();
};

interface SetUp extends Partial<CompactionOptions> {
  readonly scheduler?: ManualScheduler;
  readonly isInThread?: boolean;
  readonly wrapLog?: (log: UpdateLog) => UpdateLog;
  readonly wrap?: (store: SnapshotStore) => SnapshotStore;
}

/** A compactor on a database and a folder of the test's own, after three updates unless told otherwise. */
export function setUpCompactor(options: SetUp = {}) {
  const { scheduler = new ManualScheduler(), isInThread = false } = options;
  const { wrap = (store) => store, wrapLog = (log) => log } = options;
  const folder = temporaryFolder();
  const storage = openSqliteStorage(join(folder, 'relay.db'));
  const snapshots = new FolderSnapshotStore(join(folder, 'snapshots'));
  const problems: unknown[] = [];
  const start = () => {
    const reportProblem = (error: unknown) => problems.push(error);
    const services = { log: wrapLog(storage.log), snapshots: wrap(snapshots), scheduler, reportProblem };
    return new Compactor(services, {
      afterUpdates: 3,
      afterBytes: 1e9,
      graceMs: GRACE_MS,
      ...(!isInThread && { createSnapshot: buildHere }),
      ...options,
    });
  };
  const compactors = [start()];
  onTestFinished(() => {
    for (const compactor of compactors) compactor.dispose();
    storage.dispose();
  });
  const current = () => {
    const compactor = compactors.at(-1);
    if (!compactor) throw new Error('no compactor');
    return compactor;
  };
  let clientSeq = 0;
  const write = async (payloads: readonly Uint8Array[], key: DocumentKey = KEY) => {
    const session = { subject: 's', sessionId: 'i' };
    const updates = payloads.map((payload) => ({ session, clientSeq: ++clientSeq, name: 'n', timeMs: 1, payload }));
    await storage.log.append([{ key, epochWhenNew: 'e', updates }]);
    current().noteGrowth(
      key,
      payloads.length,
      payloads.reduce((sum, { byteLength }) => sum + byteLength, 0),
    );
  };
  const append = async (payloads: readonly Uint8Array[], key: DocumentKey = KEY) => {
    await write(payloads, key);
    await current().settled();
  };
  const advance = async (ms: number) => {
    scheduler.advance(ms);
    await current().settled();
  };
  const restart = () => {
    current().dispose();
    compactors.push(start());
  };
  const pointerOf = async (key: DocumentKey = KEY) => (await storage.log.readDocument(key))?.snapshot;
  const seqs = async () => (await snapshots.list(KEY)).map(({ seq }) => seq).sort((a, b) => a - b);
  return {
    storage,
    snapshots,
    scheduler,
    problems,
    write,
    append,
    advance,
    restart,
    start,
    compactors,
    pointerOf,
    seqs,
  };
}

/** Makes updates of somebody who types words. */
export function createWords() {
  const typist = createTypist(1);
  return (...words: string[]) => words.map((word) => typist.type(`${word} `));
}

/** The text in the bytes of an update. */
export function textOf(bytes: Uint8Array): string {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, bytes);
  return doc.getText('content').toString();
}

/** A log with the methods of another one, of which some may be replaced. */
export function withMethodsOf(log: UpdateLog): UpdateLog {
  return {
    maxConcurrentAppends: log.maxConcurrentAppends,
    append: (...parameters) => log.append(...parameters),
    readDocument: (...parameters) => log.readDocument(...parameters),
    readHeads: (...parameters) => log.readHeads(...parameters),
    readUpdates: (...parameters) => log.readUpdates(...parameters),
    readLastOfSession: (...parameters) => log.readLastOfSession(...parameters),
    settleEpoch: (...parameters) => log.settleEpoch(...parameters),
    replaceEpoch: (...parameters) => log.replaceEpoch(...parameters),
    setSnapshot: (...parameters) => log.setSnapshot(...parameters),
  };
}
