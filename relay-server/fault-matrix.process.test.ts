import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readFuzzOptions } from '../shared/testing/fuzz-options.ts';
import { createSeededRandom } from '../shared/testing/seeded-random.ts';
import { RelayCluster } from './testing/relay-cluster.ts';
import { TypingCrowd } from './testing/typing-crowd.ts';

const CLIENTS = 20;
const NODES = 3;
const DOCUMENT = 'song';
const HEALED_WITHIN_MS = 30_000;
const { seeds } = readFuzzOptions({ seedCount: 1, operations: 1 });

let cluster: RelayCluster;
let rooms = 0;
let room: string;
let crowd: TypingCrowd;

beforeAll(async () => {
  cluster = await RelayCluster.start(NODES);
});

afterAll(async () => {
  await cluster.dispose();
});

afterEach(async () => {
  await crowd.dispose();
});

async function gather(seed: number): Promise<void> {
  room = `room-${++rooms}`;
  const addresses = Array.from({ length: CLIENTS }, (_, index) => cluster.nodes[index % NODES]?.url ?? '');
  crowd = new TypingCrowd(addresses, room, await cluster.createToken(room), DOCUMENT, createSeededRandom(seed));
  await crowd.settled(HEALED_WITHIN_MS);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Everybody types before, during and after the trouble; then all replicas and the log must be one. */
async function typeThrough(trouble: () => Promise<void>): Promise<void> {
  crowd.type();
  await pause(500);
  await trouble();
  await pause(500);
  await crowd.rest();
  await expectUnity();
}

async function expectUnity(): Promise<void> {
  const text = await crowd.settled(HEALED_WITHIN_MS);
  const doc = await cluster.readText({ tenant: 'default', room, document: DOCUMENT });
  expect(doc.getText('content').toString()).toBe(text);
  expect(crowd.ackedCount).toBe(CLIENTS);
  expect(crowd.findLostAcks(doc)).toEqual([]);
}

function node(index: number) {
  const found = cluster.nodes[index];
  if (!found) throw new Error(`there is no node ${index}`);
  return found;
}

describe.each(seeds)('twenty people on three nodes lose nothing (seed %i)', (seed) => {
  it('[UP4] when a relay is killed', async () => {
    await gather(seed);
    await typeThrough(async () => {
      await node(seed % NODES).end('SIGKILL');
      await pause(700);
      await node(seed % NODES).start();
    });
  });

  it('[UP4] when Postgres is killed', async () => {
    await gather(seed + 1);
    await typeThrough(async () => {
      await cluster.postgres.kill();
      await pause(1_000);
      await cluster.postgres.start();
    });
  });

  it('when Redis is killed, and hear of each other through the log within 5 s meanwhile', async () => {
    await gather(seed + 2);
    await typeThrough(async () => {
      await cluster.redis.kill();
      const mark = `<${seed}>`;
      crowd.replicaOf(0).doc.getText('content').insert(0, mark);
      const startMs = Date.now();
      while (!crowd.textOf(1).includes(mark) && Date.now() - startMs < 10_000) await pause(20);
      expect(Date.now() - startMs).toBeLessThan(5_000);
      await cluster.redis.start();
    });
  });

  it('when the S3 server is killed', async () => {
    await gather(seed + 3);
    await typeThrough(async () => {
      await cluster.s3.kill();
      await pause(1_000);
      await cluster.s3.start();
    });
  });

  it('when a node is cut off from Redis, and from its database, without a word', async () => {
    await gather(seed + 4);
    await typeThrough(async () => {
      node(0).toRedis.blackHole();
      node(1).toPostgres.blackHole();
      await pause(2_000);
      node(2).toPostgres.cut();
      await pause(1_000);
      for (const { toRedis, toPostgres } of cluster.nodes) {
        toRedis.heal();
        toPostgres.heal();
      }
    });
  });

  it('[UP3] when Postgres stalls for 10 s: they type on together, and are told that it is not saved', async () => {
    await gather(seed + 5);
    await typeThrough(async () => {
      await cluster.postgres.stall();
      await pause(1_000);
      const mark = `<${seed}>`;
      crowd.replicaOf(0).doc.getText('content').insert(0, mark);
      const startMs = Date.now();
      while (!crowd.textOf(1).includes(mark) && Date.now() - startMs < 5_000) await pause(10);
      expect(Date.now() - startMs).toBeLessThan(1_000);
      await pause(7_000);
      expect(crowd.replicaOf(0).saveState.kind).toBe('on-this-device');
      await pause(2_000);
      await cluster.postgres.resume();
    });
  });

  it('[SY6] when an older copy of the database is restored', async () => {
    await gather(seed + 6);
    crowd.type();
    await pause(1_000);
    await crowd.rest();
    await crowd.settled(HEALED_WITHIN_MS);
    for (const { end } of cluster.nodes) await end('SIGKILL');
    await cluster.postgres.query(
      cluster.databaseUrl,
      `WITH old AS (UPDATE tutti.documents SET head = head / 2, snapshot_seq = NULL, snapshot_id = NULL, snapshot_bytes = NULL
       WHERE room = $1 RETURNING document_id, head)
       DELETE FROM tutti.updates USING old WHERE updates.document_id = old.document_id AND seq > old.head`,
      [room],
    );
    await Promise.all(cluster.nodes.map((relay) => relay.start()));
    await typeThrough(() => pause(500));
  });
});
