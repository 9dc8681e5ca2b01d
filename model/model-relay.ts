import * as Y from 'yjs';
import { LogFailure } from '../relay-server/log/log-failure.ts';
import { AccessWatch } from '../relay-server/access/access-watch.ts';
import type { SnapshotStore } from '../relay-server/log/snapshot-store.ts';
import type { UpdateLog } from '../relay-server/log/update-log.ts';
import { openSqliteStorage } from '../relay-server/log/sqlite.ts';
import { createRelayCore, type RelayCore } from '../relay-server/relay-core.ts';
import { createPlainDoorkeeper, toServerSocket } from '../relay-server/testing/relay-under-test.ts';
import type { ManualScheduler } from '../shared/testing/manual-scheduler.ts';
import type { SeededRandom } from '../shared/testing/seeded-random.ts';
import { type Direction, SocketPair } from '../shared/testing/socket-pair.ts';
import { CONTENT_TEXT } from '../shared/workspace/index.ts';

const ROOM = 'room';
const DIRECTIONS: readonly Direction[] = ['to-client', 'to-relay'];
const HEARTBEAT_INTERVAL_MS = 5_000;
const EVERYTHING = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

const NO_SNAPSHOTS: SnapshotStore = {
  write: () => Promise.reject(new Error('the model makes no snapshots')),
  read: () => Promise.reject(new Error('the model makes no snapshots')),
  list: async () => [],
  remove: async () => {},
};

/** A relay on a log in memory, behind a network that delays, loses and cuts; it can end, and its disk can be full. */
export class ModelRelay {
  /** What an operator was told, but for a full disk. */
  readonly problems: unknown[] = [];
  isFull = false;
  private readonly random: SeededRandom;
  private readonly scheduler: ManualScheduler;
  private readonly storage = openSqliteStorage(':memory:');
  private readonly doorkeeper: ReturnType<typeof createPlainDoorkeeper>;
  private pairs: SocketPair[] = [];
  private running: { readonly core: RelayCore; readonly life: { isOver: boolean } } | undefined;

  constructor(scheduler: ManualScheduler, random: SeededRandom) {
    this.scheduler = scheduler;
    this.random = random;
    this.doorkeeper = createPlainDoorkeeper(scheduler);
    this.start();
  }

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  start(): void {
    if (this.running) return;
    const life = { isOver: false };
    const reportProblem = (error: unknown) => {
      if (!(error instanceof LogFailure && error.code === 'full')) this.problems.push(error);
    };
    const { scheduler } = this;
    const core = createRelayCore({
      log: this.createLog(life),
      snapshots: NO_SNAPSHOTS,
      doorkeeper: this.doorkeeper,
      access: new AccessWatch({ directory: this.storage.access, scheduler, reportProblem }),
      scheduler,
      random: this.random.next,
      heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
      reportProblem,
    });
    this.running = { core, life };
  }

  /** Its process ends without a word. */
  stop(): void {
    if (!this.running) return;
    this.running.life.isOver = true;
    this.running.core.dispose();
    this.running = undefined;
    for (const pair of this.pairs) pair.cut();
    this.pairs = [];
  }

  /** With `isReachable` false, or while it does not run, what connects is cut as soon as anything is delivered. */
  connect(events: ConstructorParameters<typeof SocketPair>[0], isReachable: boolean): SocketPair {
    const pair = new SocketPair(events);
    this.pairs.push(pair);
    if (this.running && isReachable) this.running.core.accept(toServerSocket(pair.relay), ROOM);
    else {
      pair.relay.listen({ onMessage: () => undefined, onClose: () => undefined });
      void this.scheduler.schedule(() => pair.cut(), 1 + this.random.below(2_000));
    }
    return pair;
  }

  /** Delivers a few frames of somebody's. */
  deliverSome(): void {
    const pair = this.pickPair();
    if (!pair) return;
    if (this.random.chance(0.4)) pair.deliverAll();
    const direction = this.random.pick(DIRECTIONS);
    for (let count = this.random.below(8); count > 0; count--) pair.deliverOne(direction);
  }

  deliverAll(): void {
    for (const pair of this.pairs) pair.deliverAll();
    this.pairs = this.pairs.filter(({ isAlive }) => isAlive);
  }

  cutSome(): void {
    this.pickPair()?.cut();
  }

  cutAll(): void {
    for (const pair of this.pairs) pair.cut();
  }

  /** Loses what is under way in one direction of somebody's connection, and all that follows. */
  dropSome(): void {
    this.pickPair()?.drop(this.random.pick(DIRECTIONS));
  }

  /** A document as the log has it. */
  async replay(document: string): Promise<Y.Doc> {
    const doc = new Y.Doc();
    for (const { payload } of await this.readLog(document)) Y.applyUpdate(doc, payload);
    return doc;
  }

  /** Every text that a document has had, as its history shows them. */
  async readStates(document: string): Promise<readonly string[]> {
    const doc = new Y.Doc();
    return (await this.readLog(document)).map(({ payload }) => {
      Y.applyUpdate(doc, payload);
      return doc.getText(CONTENT_TEXT).toString();
    });
  }

  /** Everything that was ever written into a document, in pieces. */
  async readInserted(document: string): Promise<readonly string[]> {
    const rows = await this.readLog(document);
    return rows.flatMap(({ payload }) =>
      Y.decodeUpdate(payload).structs.flatMap((struct) =>
        struct instanceof Y.Item && struct.content instanceof Y.ContentString ? [struct.content.str] : [],
      ),
    );
  }

  dispose(): void {
    this.stop();
    this.scheduler.advance(60_000);
  }

  /** To be called when nothing of the relay is under way any more. */
  close(): void {
    this.storage.dispose();
  }

  private readLog(document: string) {
    return this.storage.log.readUpdates({ tenant: 'default', room: ROOM, document }, EVERYTHING);
  }

  private pickPair(): SocketPair | undefined {
    this.pairs = this.pairs.filter(({ isAlive }) => isAlive);
    return this.pairs.length > 0 ? this.random.pick(this.pairs) : undefined;
  }

  /** The log as one process sees it: once that has ended, it writes nothing more and hears of nothing. */
  private createLog(life: { readonly isOver: boolean }): UpdateLog {
    const { log } = this.storage;
    const write = <T>(task: () => Promise<T>): Promise<T> => {
      if (life.isOver) return new Promise<never>(() => {});
      return this.isFull ? Promise.reject(new LogFailure('full', 'The disk is full.')) : task();
    };
    return {
      maxConcurrentAppends: log.maxConcurrentAppends,
      append: (batch) => write(() => log.append(batch)),
      readDocument: (key) => log.readDocument(key),
      readHeads: (keys) => log.readHeads(keys),
      readUpdates: (key, range) => log.readUpdates(key, range),
      readLastOfSession: (key, session) => log.readLastOfSession(key, session),
      settleEpoch: (key, epoch) => write(() => log.settleEpoch(key, epoch)),
      replaceEpoch: (key, from, to) => write(() => log.replaceEpoch(key, from, to)),
      setSnapshot: (key, snapshot, replacedId) => write(() => log.setSnapshot(key, snapshot, replacedId)),
    };
  }
}
