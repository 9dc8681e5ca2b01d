import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import * as Y from 'yjs';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { SocketPair } from '../../shared/testing/socket-pair.ts';
import { FolderSnapshotStore } from '../log/folder.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import { createRelayCore, type RelayCore } from '../relay-core.ts';
import { createTypist, RawClient } from '../testing/raw-client.ts';
import { RedisServer } from '../testing/redis-server.ts';
import { createPlainDoorkeeper, temporaryFolder, toServerSocket } from '../testing/relay-under-test.ts';
import { openRedisBackplane, type RedisBackplane } from './redis.ts';

const HEAD_POLL_INTERVAL_MS = 2_000;
/** What is promised to people whose nodes find each other only through the log. */
const CONVERGENCE_MS = 5_000;
/** Shorter than any look at the log: what comes within it came through Redis. */
const THROUGH_REDIS_MS = 1_000;

interface Node {
  readonly core: RelayCore;
  readonly backplane: RedisBackplane;
}

/** Two relay nodes on one log and one Redis, on the real clock. */
class Nodes {
  readonly nodes: readonly Node[];
  private readonly storage = openSqliteStorage(':memory:');
  private readonly folder = temporaryFolder();
  private readonly pairs: SocketPair[] = [];

  constructor(url: string) {
    this.nodes = [this.startNode(url), this.startNode(url)];
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

  /** Resolves when both nodes are connected and hear each other. */
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

  private startNode(url: string): Node {
    const reportProblem = () => undefined;
    const backplane = openRedisBackplane(url, { reportProblem });
    const core = createRelayCore({
      log: this.storage.log,
      snapshots: new FolderSnapshotStore(this.folder),
      doorkeeper: createPlainDoorkeeper(new ManualScheduler(Date.now())),
      backplane,
      headPollIntervalMs: HEAD_POLL_INTERVAL_MS,
      reportProblem,
    });
    return { core, backplane };
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
  const nodes = new Nodes(server.url());
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
      for (const { client } of [ada, bob]) expect(client.last('committed').seq).toBe(41);
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
