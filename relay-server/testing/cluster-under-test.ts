import { onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import { SocketPair } from '../../shared/testing/socket-pair.ts';
import { AccessWatch } from '../access/access-watch.ts';
import type { Backplane } from '../backplane/backplane.ts';
import type { AccessDirectory } from '../log/access-directory.ts';
import { FolderSnapshotStore } from '../log/folder.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import type { UpdateLog } from '../log/update-log.ts';
import { createRelayCore, type RelayCore } from '../relay-core.ts';
import { LossyBackplaneHub } from './lossy-backplane.ts';
import { RawClient } from './raw-client.ts';
import { createPlainDoorkeeper, temporaryFolder, toServerSocket } from './relay-under-test.ts';

export interface ClusterClient {
  readonly client: RawClient;
  readonly pair: SocketPair;
}

interface Node {
  readonly core: RelayCore;
  readonly backplane: Backplane;
}

/** How often nodes ask the log where documents stand. */
export const HEAD_POLL_INTERVAL_MS = 2_000;

/** Relay nodes in this process on one real SQLite log; a test moves their sockets, their clock and what they tell each other. */
export class ClusterUnderTest {
  readonly scheduler = new ManualScheduler();
  readonly hub = new LossyBackplaneHub(createSeededRandom(3));
  readonly problems: unknown[] = [];
  private readonly storage = openSqliteStorage(':memory:');
  private readonly folder = temporaryFolder();
  private readonly pairs: SocketPair[] = [];
  private readonly nodes: Node[];
  private sessions = 0;

  constructor(nodeCount: number) {
    this.nodes = Array.from({ length: nodeCount }, (_, index) => this.startNode(index));
    onTestFinished(() => {
      for (const { core, backplane } of this.nodes) {
        core.dispose();
        backplane.dispose();
      }
      this.storage.dispose();
    });
  }

  /** Who may do what in its rooms. */
  get directory(): AccessDirectory {
    return this.storage.access;
  }

  get log(): UpdateLog {
    return this.storage.log;
  }

  /** Another member of the backplane, which is no relay. */
  joinBackplane(): Backplane {
    return this.hub.join();
  }

  /** Connects to a node, says hello and waits for welcome. */
  async join(
    node: number,
    token: string,
    sessionId = `session-000000000${++this.sessions}`,
    features: readonly string[] = [],
  ): Promise<ClusterClient> {
    const client = new RawClient((frame) => pair.client.send(frame));
    const pair = new SocketPair({
      onOpen: () => undefined,
      onMessage: (frame) => {
        if (frame) client.take(frame);
      },
      onClose: () => undefined,
    });
    this.pairs.push(pair);
    this.nodes[node]?.core.accept(toServerSocket(pair.relay), 'room');
    client.hello(token, sessionId, features);
    await this.settle();
    return { client, pair };
  }

  /** Who is in the room, as far as a node knows. */
  connectedSubjects(node: number): readonly string[] {
    return this.nodes[node]?.core.connectedSubjects({ tenant: 'default', room: 'room' }) ?? [];
  }

  /** Ends a node without a word. */
  kill(node: number): void {
    this.nodes[node]?.core.dispose();
    this.nodes[node]?.backplane.dispose();
  }

  /** Moves what is on the sockets, and lets all work that needs no time come to its end. The backplane rests. */
  async settle(): Promise<void> {
    for (let round = 0; round < 5; round++) {
      for (const pair of this.pairs) pair.deliverAll();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Also delivers what the nodes tell each other. */
  async settleAll(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await this.settle();
      this.hub.deliverAll();
    }
    await this.settle();
  }

  /** Moves the clock; the backplane rests. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    this.scheduler.advance(ms);
    await this.settle();
  }

  private startNode(index: number): Node {
    const backplane = this.hub.join();
    const reportProblem = (error: unknown) => this.problems.push(error);
    const { scheduler } = this;
    const access = new AccessWatch({ directory: this.storage.access, scheduler, reportProblem });
    const core = createRelayCore({
      log: this.storage.log,
      snapshots: new FolderSnapshotStore(this.folder),
      doorkeeper: createPlainDoorkeeper(scheduler, access),
      access,
      scheduler,
      random: createSeededRandom(7 + index).next,
      backplane,
      headPollIntervalMs: HEAD_POLL_INTERVAL_MS,
      reportProblem,
    });
    return { core, backplane };
  }
}
