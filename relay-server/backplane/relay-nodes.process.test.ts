import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import * as Y from 'yjs';
import { type Scheduler, systemScheduler } from '../../shared/lifecycle/index.ts';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { SocketPair } from '../../shared/testing/socket-pair.ts';
import { AccessWatch } from '../access/access-watch.ts';
import { FolderSnapshotStore } from '../log/folder.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import { createRelayCore, type RelayCore } from '../relay-core.ts';
import { createTypist, RawClient } from '../testing/raw-client.ts';
import { RedisServer } from '../testing/redis-server.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';
import { createPlainDoorkeeper, temporaryFolder, toServerSocket } from '../testing/relay-under-test.ts';
import { openRedisBackplane, type RedisBackplane } from './redis.ts';

const HEAD_POLL_INTERVAL_MS = 2_000;
/** What is promised to people whose nodes find each other only through the log. */
const CONVERGENCE_MS = 5_000;
/** Shorter than any look at the log: what comes within it came through Redis. */
const THROUGH_REDIS_MS = 1_000;
/** Longer than a test. */
const NEVER_MS = 600_000;

interface Node {
  readonly core: RelayCore;
  readonly backplane: RedisBackplane;
}

interface NodeOptions {
  /** How it reaches Redis. */
  readonly url: string;
  /** The clock of its backplane. */
  readonly scheduler?: Scheduler;
  readonly headPollIntervalMs?: number;
}

/** Relay nodes on one log and one Redis, on the real clock unless another one is named. */
class Nodes {
  readonly nodes: Node[] = [];
  private readonly storage = openSqliteStorage(':memory:');
  private readonly folder = temporaryFolder();
  private readonly pairs: SocketPair[] = [];

  constructor(nodes: readonly NodeOptions[]) {
    for (const options of nodes) this.startNode(options);
    onTestFinished(() => {
      for (const { core, backplane } of this.nodes) {
        core.dispose();
        backplane.dispose();
      }
      this.storage.dispose();
    });
  }

  async join(node: number, token: string): Promise<RawClient> {
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
    client.hello(token, `session-of-${token.replace('.', '-')}`);
    await this.until(() => client.last('welcome'), THROUGH_REDIS_MS);
    return client;
  }

  /** Resolves when the nodes are connected and hear each other. */
  async settled(): Promise<void> {
    const areSettled = () => this.nodes.every(({ backplane }) => backplane.isSettled);
    await this.until(() => expect(areSettled()).toBe(true), CONVERGENCE_MS);
  }

  /** Moves what is on the sockets until `check` does not throw any more. */
  async until(check: () => void, timeoutMs: number): Promise<void> {
    const deliverAndCheck = () => {
      for (const pair of this.pairs) pair.deliverAll();
      check();
    };
    await vi.waitFor(deliverAndCheck, { timeout: timeoutMs, interval: 2 });
  }

  startNode({ url, scheduler, headPollIntervalMs = HEAD_POLL_INTERVAL_MS }: NodeOptions): void {
    const reportProblem = () => undefined;
    const backplane = openRedisBackplane(url, { reportProblem, ...(scheduler && { scheduler }) });
    const core = createRelayCore({
      log: this.storage.log,
      snapshots: new FolderSnapshotStore(this.folder),
      access: new AccessWatch({ directory: this.storage.access, scheduler: systemScheduler, reportProblem }),
      doorkeeper: createPlainDoorkeeper(new ManualScheduler(Date.now())),
      backplane,
      headPollIntervalMs,
      reportProblem,
    });
    this.nodes.push({ core, backplane });
  }
}

interface Person {
  readonly client: RawClient;
  readonly typist: ReturnType<typeof createTypist>;
}

/** What somebody sees: what came, and what was typed. */
function textOf({ client, typist }: Person): string {
  for (const message of client.received) {
    if (message.type !== 'sync' && message.type !== 'update') continue;
    if (message.payload.byteLength > 0) Y.applyUpdate(typist.doc, message.payload);
  }
  return typist.doc.getText('content').toString();
}

function presentOf(client: RawClient): Map<string, string> {
  const shown = new Map<number, { subject: string; state: string }>();
  for (const { entries } of client.all('presence')) {
    for (const { presenceId, isGone, identity, state } of entries) {
      if (isGone) shown.delete(presenceId);
      const before = shown.get(presenceId);
      const subject = identity?.subject ?? before?.subject ?? '?';
      if (!isGone)
        shown.set(presenceId, { subject, state: state ? Buffer.from(state).toString() : (before?.state ?? '') });
    }
  }
  return new Map([...shown.values()].map(({ subject, state }) => [subject, state]));
}

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.dispose());

async function setUp() {
  const nodes = new Nodes([{ url: server.url() }, { url: server.url() }]);
  const ada = { client: await nodes.join(0, 'ada.editor'), typist: createTypist(1) };
  const bob = { client: await nodes.join(1, 'bob.editor'), typist: createTypist(2) };
  ada.client.open(1, 'file');
  ada.client.update(1, 1, ada.typist.type('start '));
  await nodes.until(() => expect(ada.client.last('ack').seq).toBe(1), CONVERGENCE_MS);
  bob.client.open(1, 'file');
  await nodes.until(() => expect(textOf(bob)).toBe('start '), CONVERGENCE_MS);
  await nodes.settled();
  return { nodes, ada, bob };
}

describe('two relay nodes on one Redis', () => {
  it('carry edits and presence to each other at once', async () => {
    const { nodes, ada, bob } = await setUp();
    ada.client.update(1, 2, ada.typist.type('from ada '));
    bob.client.update(1, 1, bob.typist.type('from bob '));
    await nodes.until(() => {
      expect(textOf(bob)).toContain('from ada ');
      expect(textOf(ada)).toContain('from bob ');
    }, THROUGH_REDIS_MS);
    expect(textOf(ada)).toBe(textOf(bob));
    await nodes.until(() => {
      for (const { client } of [ada, bob]) expect(client.last('committed').seq).toBe(3);
    }, THROUGH_REDIS_MS);
    ada.client.send({ type: 'presence', state: Buffer.from('cursor at 7') });
    await nodes.until(() => expect(presentOf(bob.client).get('ada')).toBe('cursor at 7'), THROUGH_REDIS_MS);
    expect([...presentOf(ada.client).keys()].toSorted()).toEqual(['ada', 'bob']);
  });

  it('converge through the log while Redis is gone, and at once again when it is back', async () => {
    const { nodes, ada, bob } = await setUp();
    await server.kill();
    for (let count = 0; count < 20; count++) {
      ada.client.update(1, 2 + count, ada.typist.type(`a${count} `));
      bob.client.update(1, 1 + count, bob.typist.type(`b${count} `));
    }
    await nodes.until(() => {
      // What each sends at once is one update.
      for (const { client } of [ada, bob]) expect(client.last('committed').seq).toBe(3);
      expect(textOf(ada)).toContain('b19 ');
      expect(textOf(bob)).toContain('a19 ');
    }, CONVERGENCE_MS);
    expect(textOf(ada)).toBe(textOf(bob));
    // A node that writes nothing itself learns of it too.
    ada.client.update(1, 50, ada.typist.type('alone'));
    await nodes.until(() => expect(textOf(bob)).toContain('alone'), CONVERGENCE_MS);
    await server.start();
    await nodes.settled();
    ada.client.update(1, 100, ada.typist.type('again'));
    await nodes.until(() => expect(textOf(bob)).toContain('again'), THROUGH_REDIS_MS);
    ada.client.send({ type: 'presence', state: Buffer.from('here') });
    await nodes.until(() => expect(presentOf(bob.client).get('ada')).toBe('here'), THROUGH_REDIS_MS);
  });
});

describe('a relay node', () => {
  it('that is alone publishes nothing; who comes to another node has everything, and hears what follows at once', async () => {
    const scheduler = new ManualScheduler();
    const nodes = new Nodes([{ url: server.url(), scheduler, headPollIntervalMs: NEVER_MS }]);
    await nodes.settled();
    const ada = { client: await nodes.join(0, 'ada.editor'), typist: createTypist(1) };
    ada.client.open(1, 'file');
    await nodes.until(() => expect(ada.client.all('sync').at(-1)?.isLast).toBe(true), CONVERGENCE_MS);
    await nodes.until(() => {
      scheduler.advance(1_000);
      expect(nodes.nodes[0]?.backplane.hasPeers()).toBe(false);
    }, CONVERGENCE_MS);
    const observer = new Redis(server.url());
    onTestFinished(() => observer.disconnect());
    let frames = 0;
    observer.on('message', () => frames++);
    await observer.subscribe('tutti:room:default/room');
    for (let count = 1; count <= 20; count++) ada.client.update(1, count, ada.typist.type(`${count} `));
    await nodes.until(() => expect(ada.client.last('ack').clientSeq).toBe(20), CONVERGENCE_MS);
    await observer.ping();
    expect(frames).toBe(0);

    nodes.startNode({ url: server.url(), headPollIntervalMs: NEVER_MS });
    const bob = { client: await nodes.join(1, 'bob.editor'), typist: createTypist(2) };
    bob.client.open(1, 'file');
    // The node may not know of the other one yet.
    ada.client.update(1, 21, ada.typist.type('21 '));
    await nodes.until(() => expect(textOf(bob)).toBe(textOf(ada)), CONVERGENCE_MS);
    expect(textOf(bob)).toContain('21 ');
    await nodes.settled();
    ada.client.update(1, 22, ada.typist.type('22 '));
    ada.client.send({ type: 'presence', state: Buffer.from('here') });
    await nodes.until(() => {
      expect(textOf(bob)).toContain('22 ');
      expect(presentOf(bob.client).get('ada')).toBe('here');
    }, THROUGH_REDIS_MS);
    expect(frames).toBeGreaterThan(0);
  });

  it('asks the log again as soon as it hears a room, for what was said before', async () => {
    const proxy = await TcpProxy.start(server.port);
    onTestFinished(() => proxy.dispose());
    const remote = { url: `redis://127.0.0.1:${proxy.port}`, headPollIntervalMs: NEVER_MS };
    const nodes = new Nodes([{ url: server.url() }, remote]);
    await nodes.settled();
    const ada = { client: await nodes.join(0, 'ada.editor'), typist: createTypist(1) };
    ada.client.open(1, 'file');
    ada.client.update(1, 1, ada.typist.type('first '));
    await nodes.until(() => expect(ada.client.last('ack').seq).toBe(1), CONVERGENCE_MS);
    proxy.delay(500);
    const bob = { client: await nodes.join(1, 'bob.editor'), typist: createTypist(2) };
    bob.client.open(1, 'file');
    await nodes.until(() => expect(textOf(bob)).toBe('first '), CONVERGENCE_MS);
    ada.client.update(1, 2, ada.typist.type('second '));
    await nodes.until(() => expect(ada.client.last('ack').seq).toBe(2), CONVERGENCE_MS);
    expect(nodes.nodes[1]?.backplane.isSettled).toBe(false);
    await nodes.until(() => expect(textOf(bob)).toContain('second '), CONVERGENCE_MS);
  });
});
