import * as Y from 'yjs';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { createSeededRandom, type SeededRandom } from '../../shared/testing/seeded-random.ts';
import { type Direction, SocketPair } from '../../shared/testing/socket-pair.ts';
import { AccessWatch } from '../access/access-watch.ts';
import type { Backplane } from '../backplane/backplane.ts';
import type { SnapshotStore } from '../log/snapshot-store.ts';
import type { UpdateLog } from '../log/update-log.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import { createRelayCore, type RelayCore } from '../relay-core.ts';
import { FuzzEngine } from './fuzz-engine.ts';
import { LossyBackplaneHub } from './lossy-backplane.ts';
import { createPlainDoorkeeper, toServerSocket } from './relay-under-test.ts';

const ENGINES = ['ada', 'bob', 'carl'] as const;
const DOCUMENTS = ['index', 'one', 'two'] as const;
/** Those that are compared. */
const TEXTS = ['one', 'two'] as const;
const DIRECTIONS: readonly Direction[] = ['to-client', 'to-relay'];
const HEARTBEAT_INTERVAL_MS = 5_000;
const HEAD_POLL_INTERVAL_MS = 2_000;
const MAX_LOG_DELAY_MS = 20;
const LONGEST_HEAL_MS = 10 * 60_000;
/** What was said and lost is said again after a minute. */
const LONGEST_AGREEMENT_MS = 3 * 60_000;

const NO_SNAPSHOTS: SnapshotStore = {
  write: async () => {
    throw new Error('the fuzz makes no snapshots');
  },
  read: async () => {
    throw new Error('the fuzz makes no snapshots');
  },
  list: async () => [],
  remove: async () => {},
};

interface RelayNode {
  readonly core: RelayCore;
  readonly process: { isAlive: boolean };
  readonly backplane: Backplane | undefined;
}

/** Three engines and one or more relay nodes that a seed drives through edits, delays, losses and ends of every kind. */
export class ConvergenceWorld {
  readonly problems: unknown[] = [];
  private readonly random: SeededRandom;
  private readonly scheduler = new ManualScheduler();
  private readonly storage = openSqliteStorage(':memory:');
  private readonly doorkeeper = createPlainDoorkeeper(this.scheduler);
  private readonly engines: readonly FuzzEngine[];
  private pairs: SocketPair[] = [];
  private readonly hub: LossyBackplaneHub;
  private readonly nodes: RelayNode[];
  private edits = 0;
  private clientIds = 0;

  constructor(seed: number, nodeCount = 1) {
    this.random = createSeededRandom(seed);
    this.hub = new LossyBackplaneHub(createSeededRandom(seed * 17));
    this.nodes = Array.from({ length: nodeCount }, () => this.startNode(nodeCount > 1));
    this.engines = ENGINES.map(
      (name) =>
        new FuzzEngine({
          name,
          scheduler: this.scheduler,
          random: createSeededRandom(seed * 31 + name.charCodeAt(0)),
          nextClientId: () => ++this.clientIds,
          connect: (events) => this.connect(events),
          onProblem: (problem) => this.problems.push(problem),
        }),
    );
  }

  /** One random step. */
  async step(): Promise<void> {
    const { random } = this;
    const engine = random.pick(this.engines);
    const dice = random.below(1000);
    if (dice < 330) this.edit(engine);
    else if (dice < 680) this.deliver();
    else if (dice < 860) this.scheduler.advance(random.below(30));
    else if (dice < 900) this.scheduler.advance(random.below(3_000));
    else if (dice < 906) this.scheduler.advance(60_000);
    else if (dice < 935) engine.session.setPresence(new Uint8Array([random.below(256)]));
    else if (dice < 955) this.closeSomething(engine);
    else if (dice < 975) this.pickPair()?.cut();
    else if (dice < 981) this.pickPair()?.drop(random.pick(DIRECTIONS));
    else if (dice < 988) this.restartRelay();
    else if (dice < 993) engine.crash();
    else if (dice < 997) await this.losePower(engine);
    else await this.whileTimePasses(engine.restart());
    if (this.isCluster) this.stirBackplane();
    await turn();
  }

  /** Ends all trouble and waits until everything is at rest. Throws when it does not come to rest. */
  async heal(): Promise<void> {
    for (const pair of this.pairs) pair.cut();
    for (const engine of this.engines) for (const document of DOCUMENTS) engine.open(document);
    const deadlineMs = this.scheduler.now() + LONGEST_HEAL_MS;
    for (;;) {
      await this.settle();
      const unrest = this.engines.map((engine) => engine.unrest).find((reason) => reason !== undefined);
      if (unrest === undefined) break;
      if (this.scheduler.now() > deadlineMs) throw new Error(`it does not come to rest: ${unrest}`);
      this.scheduler.advance(1_000);
    }
    // Notices that are on their way.
    for (let second = 0; second < 5; second++) {
      this.scheduler.advance(1_000);
      await this.settle();
    }
  }

  /** Copies that were ever called different from others'. */
  get disagreements(): readonly string[] {
    return this.engines.flatMap(({ disagreements }) => disagreements);
  }

  /** Waits until everybody knows that all have the same. Gives the names of those who never do. */
  async awaitAgreement(): Promise<readonly string[]> {
    const deadlineMs = this.scheduler.now() + LONGEST_AGREEMENT_MS;
    for (;;) {
      await this.settle();
      const undecided = TEXTS.flatMap((document) =>
        this.engines
          .filter((engine) => engine.identicalWith(document) !== ENGINES.length - 1)
          .map(({ name }) => `${name}'s ${document}`),
      );
      if (undecided.length === 0 || this.scheduler.now() > deadlineMs) return undecided;
      this.scheduler.advance(1_000);
    }
  }

  /** The text of each document as every engine and the log have it, by who has it. */
  async readTexts(document: string): Promise<ReadonlyMap<string, string>> {
    const texts = new Map<string, string>();
    for (const engine of this.engines) texts.set(engine.name, engine.textOf(document));
    texts.set('the log', (await this.replayLog(document)).getText('content').toString());
    return texts;
  }

  /** What was acked once, and is not in the log. */
  async findLostAcks(): Promise<string[]> {
    const lost: string[] = [];
    for (const document of DOCUMENTS) {
      const logged = Y.decodeStateVector(Y.encodeStateVector(await this.replayLog(document)));
      for (const engine of this.engines) {
        for (const acked of engine.acked) {
          if (acked.document !== document || (logged.get(acked.client) ?? 0) >= acked.clock) continue;
          lost.push(`${engine.name}'s ${document}: ${acked.clock} of ${acked.client}`);
        }
      }
    }
    return lost;
  }

  async dispose(): Promise<void> {
    await this.whileTimePasses(Promise.all(this.engines.map((engine) => engine.finish())));
    this.scheduler.advance(60_000);
    await turn();
    for (const { core, backplane } of this.nodes) {
      core.dispose();
      backplane?.dispose();
    }
    this.scheduler.advance(60_000);
    await turn();
    this.storage.dispose();
  }

  static readonly documents: readonly string[] = DOCUMENTS;

  private edit(engine: FuzzEngine): void {
    const { random } = this;
    const doc = engine.open(random.pick(DOCUMENTS));
    const text = doc.getText('content');
    const removed = random.chance(0.4) ? Math.min(text.length, random.below(8)) : 0;
    const at = random.below(text.length - removed + 1);
    doc.transact(() => {
      if (removed > 0) text.delete(at, removed);
      if (removed === 0 || random.chance(0.3)) text.insert(at, `${engine.name[0] ?? ''}${++this.edits} `);
    });
  }

  private deliver(): void {
    const pair = this.pickPair();
    if (!pair) return;
    if (this.random.chance(0.2)) pair.deliverAll();
    const direction = this.random.pick(DIRECTIONS);
    for (let count = this.random.below(6); count > 0; count--) pair.deliverOne(direction);
  }

  private closeSomething(engine: FuzzEngine): void {
    const { openDocuments } = engine;
    if (openDocuments.length > 0) engine.close(this.random.pick(openDocuments));
  }

  private pickPair(): SocketPair | undefined {
    this.pairs = this.pairs.filter(({ isAlive }) => isAlive);
    return this.pairs.length > 0 ? this.random.pick(this.pairs) : undefined;
  }

  private connect(events: ConstructorParameters<typeof SocketPair>[0]): SocketPair {
    const pair = new SocketPair(events);
    this.pairs.push(pair);
    this.random.pick(this.nodes).core.accept(toServerSocket(pair.relay), 'room');
    return pair;
  }

  private get isCluster(): boolean {
    return this.nodes.length > 1;
  }

  private stirBackplane(): void {
    const dice = this.random.below(100);
    if (dice < 60) this.hub.deliverSome();
    else if (dice < 80) this.hub.deliverAll();
    else if (dice < 84) this.hub.loseSome();
  }

  private startNode(isCluster: boolean): RelayNode {
    const process = { isAlive: true };
    const backplane = isCluster ? this.hub.join() : undefined;
    const lasting = limitToLife(this.storage.log, process);
    const reportProblem = (error: unknown) => this.problems.push(error);
    const { scheduler } = this;
    const core = createRelayCore({
      log: isCluster ? slowDown(lasting, this.scheduler, this.random) : lasting,
      snapshots: NO_SNAPSHOTS,
      doorkeeper: this.doorkeeper,
      access: new AccessWatch({ directory: this.storage.access, scheduler, reportProblem }),
      scheduler,
      random: this.random.next,
      heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
      reportProblem,
      ...(backplane && { backplane, headPollIntervalMs: HEAD_POLL_INTERVAL_MS }),
    });
    return { core, process, backplane };
  }

  /** A relay's process ends without a word, and another one starts on its log. */
  private restartRelay(): void {
    const index = this.random.below(this.nodes.length);
    const node = this.nodes[index];
    if (!node) return;
    node.process.isAlive = false;
    node.core.dispose();
    node.backplane?.dispose();
    for (const pair of this.pairs) pair.cut();
    this.nodes[index] = this.startNode(this.isCluster);
  }

  /** The author's computer, which the relay runs on, loses power right after an edit that has reached the others. */
  private async losePower(engine: FuzzEngine): Promise<void> {
    await this.settle();
    this.edit(engine);
    await this.settle();
    engine.crash();
    this.restartRelay();
  }

  private async settle(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      for (const pair of this.pairs) pair.deliverAll();
      this.hub.deliverAll();
      await turn();
    }
    this.pairs = this.pairs.filter(({ isAlive }) => isAlive);
  }

  private async whileTimePasses(task: Promise<unknown>): Promise<void> {
    let isDone = false;
    const noticed = task.finally(() => {
      isDone = true;
    });
    for (let waitedMs = 0; !isDone; waitedMs += 5) {
      if (waitedMs > LONGEST_HEAL_MS) throw new Error('an engine does not come to its end');
      this.scheduler.advance(5);
      await turn();
    }
    await noticed;
  }

  private async replayLog(document: string): Promise<Y.Doc> {
    const key = { tenant: 'default', room: 'room', document };
    const all = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
    const doc = new Y.Doc();
    for (const { payload } of await this.storage.log.readUpdates(key, all)) Y.applyUpdate(doc, payload);
    return doc;
  }
}

/** A log behind a network: each call takes its time before and after it is done. */
function slowDown(log: UpdateLog, scheduler: ManualScheduler, random: SeededRandom): UpdateLog {
  const pause = () => new Promise<void>((resolve) => void scheduler.schedule(resolve, random.below(MAX_LOG_DELAY_MS)));
  const slowly = async <T>(call: () => Promise<T>): Promise<T> => {
    await pause();
    const result = await call();
    await pause();
    return result;
  };
  return {
    maxConcurrentAppends: log.maxConcurrentAppends,
    append: (batch) => slowly(() => log.append(batch)),
    readDocument: (key) => slowly(() => log.readDocument(key)),
    readHeads: (keys) => slowly(() => log.readHeads(keys)),
    readUpdates: (key, range) => slowly(() => log.readUpdates(key, range)),
    readLastOfSession: (key, session) => slowly(() => log.readLastOfSession(key, session)),
    settleEpoch: (key, epoch) => slowly(() => log.settleEpoch(key, epoch)),
    replaceEpoch: (key, from, to) => slowly(() => log.replaceEpoch(key, from, to)),
    setSnapshot: (key, snapshot, replacedId) => slowly(() => log.setSnapshot(key, snapshot, replacedId)),
  };
}

/** The log as one process of the relay sees it: once that has ended, it writes nothing more and hears of nothing. */
function limitToLife(log: UpdateLog, process: { readonly isAlive: boolean }): UpdateLog {
  const never = new Promise<never>(() => {});
  return {
    maxConcurrentAppends: log.maxConcurrentAppends,
    append: (batch) => (process.isAlive ? log.append(batch) : never),
    readDocument: (key) => log.readDocument(key),
    readHeads: (keys) => log.readHeads(keys),
    readUpdates: (key, range) => log.readUpdates(key, range),
    readLastOfSession: (key, session) => log.readLastOfSession(key, session),
    settleEpoch: (key, epoch) => (process.isAlive ? log.settleEpoch(key, epoch) : never),
    replaceEpoch: (key, from, to) => log.replaceEpoch(key, from, to),
    setSnapshot: (key, snapshot, replacedId) => log.setSnapshot(key, snapshot, replacedId),
  };
}

/** Lets all work come to its end that needs no time to pass. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
