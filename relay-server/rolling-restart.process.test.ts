import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createSeededRandom } from '../shared/testing/seeded-random.ts';
import { NginxServer } from './testing/nginx-server.ts';
import { RelayCluster } from './testing/relay-cluster.ts';
import { TypingCrowd } from './testing/typing-crowd.ts';

const ROOMS = 4;
const CLIENTS_PER_ROOM = 5;
const NODES = 3;
const DOCUMENT = 'song';
const SETTLED_WITHIN_MS = 30_000;

let cluster: RelayCluster;
let nginx: NginxServer;
const crowds: TypingCrowd[] = [];

beforeAll(async () => {
  cluster = await RelayCluster.start(NODES);
  nginx = await NginxServer.start(cluster.nodes.map(({ url }) => url));
});

afterAll(async () => {
  await nginx.dispose();
  await cluster.dispose();
});

afterEach(async () => {
  for (const crowd of crowds.splice(0)) await crowd.dispose();
});

async function gather(): Promise<void> {
  for (let index = 0; index < ROOMS; index++) {
    const room = `room-${index}`;
    const addresses = Array.from({ length: CLIENTS_PER_ROOM }, () => nginx.url);
    const token = await cluster.createToken(room);
    crowds.push(new TypingCrowd(addresses, room, token, DOCUMENT, createSeededRandom(index)));
  }
  for (const crowd of crowds) await crowd.settled(SETTLED_WITHIN_MS);
}

async function connectionsOf(url: string): Promise<number> {
  const health: unknown = await (await fetch(`${url}/healthz`)).json();
  return typeof health === 'object' && health !== null && 'connections' in health ? Number(health.connections) : NaN;
}

it('a load balancer that hashes on the room brings the people of each room to one node', async () => {
  await gather();
  const counts = await Promise.all(cluster.nodes.map(({ url }) => connectionsOf(url)));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(ROOMS * CLIENTS_PER_ROOM);
  for (const count of counts) expect(count % CLIENTS_PER_ROOM).toBe(0);
});

it('[CC1] restarting one node after the other loses no edit, and hardly interrupts anybody', async () => {
  await gather();
  for (const crowd of crowds) crowd.type();
  for (const node of cluster.nodes) {
    expect(await node.end('SIGTERM')).toBe(0);
    await node.start();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  }
  for (const crowd of crowds) await crowd.rest();
  const texts = await Promise.all(crowds.map((crowd) => crowd.settled(SETTLED_WITHIN_MS)));
  for (const [index, crowd] of crowds.entries()) {
    const log = await cluster.readText({ tenant: 'default', room: `room-${index}`, document: DOCUMENT });
    expect(log.getText('content').toString()).toBe(texts[index]);
    expect(crowd.findLostAcks(log)).toEqual([]);
  }
  const interruptionsMs = crowds.flatMap((crowd) => crowd.longestInterruptionsMs).sort((a, b) => a - b);
  const quantile = (part: number) => interruptionsMs[Math.ceil(part * interruptionsMs.length) - 1];
  const figures = { clients: interruptionsMs.length, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
  console.log(JSON.stringify({ test: 'rolling restart', longestInterruption: figures }));
});
