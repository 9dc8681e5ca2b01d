import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Scheduler } from '../../shared/lifecycle/index.ts';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { RedisServer } from '../testing/redis-server.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';
import { Heard, ROOM, updateOf } from './backplane.contract.ts';
import { openRedisBackplane, type RedisBackplane } from './redis.ts';

const BEAT_MS = 1_000;
const LEASE_BEATS = 15;
const RECOVERY = { timeout: 15_000, interval: 5 };

let server: RedisServer;
let prefixes = 0;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.dispose());

interface Node {
  readonly backplane: RedisBackplane;
  losses(): number;
}

function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, RECOVERY);
}

/** Nodes of one cluster, which see nothing of those of other tests. */
function createCluster() {
  const prefix = `peers-${++prefixes}:`;
  const join = async (scheduler?: Scheduler, url = server.url()): Promise<Node> => {
    const reportProblem = () => undefined;
    const backplane = openRedisBackplane(url, { prefix, reportProblem, ...(scheduler && { scheduler }) });
    let losses = 0;
    const subscription = backplane.onDidLoseMessages(() => losses++);
    onTestFinished(() => {
      subscription.dispose();
      backplane.dispose();
    });
    await eventually(() => expect(backplane.isSettled).toBe(true));
    return { backplane, losses: () => losses };
  };
  return { prefix, join };
}

/** Lets a node beat; each time its sign of life has to have gone through the server. */
async function passBeats(prefix: string, { backplane }: Node, scheduler: ManualScheduler, count: number) {
  const observer = new Redis(server.url());
  let heard = 0;
  observer.on('message', () => heard++);
  await observer.subscribe(`${prefix}node:${backplane.nodeId}`);
  try {
    for (let beat = 1; beat <= count; beat++) {
      scheduler.advance(BEAT_MS);
      await eventually(() => expect(heard).toBe(beat));
    }
  } finally {
    observer.disconnect();
  }
}

async function startAlone(url?: string) {
  const cluster = createCluster();
  const scheduler = new ManualScheduler();
  const one = await cluster.join(scheduler, url);
  await passBeats(cluster.prefix, one, scheduler, LEASE_BEATS - 1);
  expect(one.backplane.hasPeers()).toBe(true);
  await passBeats(cluster.prefix, one, scheduler, 1);
  expect(one.backplane.hasPeers()).toBe(false);
  return { ...cluster, scheduler, one };
}

async function startProxy(): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(server.port);
  onTestFinished(() => proxy.dispose());
  return proxy;
}

describe('a node that hears nobody', () => {
  it('is alone after a lease, until one comes; that one asks the log, for nothing was published before', async () => {
    const { join, one } = await startAlone();
    const other = await join();
    await eventually(() => expect(one.backplane.hasPeers()).toBe(true));
    await eventually(() => expect(other.losses()).toBe(1));
    expect(one.losses()).toBe(0);
  });

  it('is not alone as long as another one is there, in whatever rooms', async () => {
    const { prefix, join } = createCluster();
    const schedulers = [new ManualScheduler(), new ManualScheduler()] as const;
    const [one, other] = [await join(schedulers[0]), await join(schedulers[1])];
    for (let round = 0; round < 3 * LEASE_BEATS; round++) {
      await passBeats(prefix, one, schedulers[0], 1);
      await passBeats(prefix, other, schedulers[1], 1);
      expect([one, other].map(({ backplane }) => backplane.hasPeers())).toEqual([true, true]);
    }
    expect([one.losses(), other.losses()]).toEqual([0, 0]);
  });

  it('is alone again when the other one has gone', async () => {
    const { prefix, join, scheduler, one } = await startAlone();
    const other = await join();
    await eventually(() => expect(one.backplane.hasPeers()).toBe(true));
    other.backplane.dispose();
    await passBeats(prefix, one, scheduler, LEASE_BEATS + 1);
    expect(one.backplane.hasPeers()).toBe(false);
  });

  it('does not take itself to be alone while it hears nothing, and says afterwards what it has kept back', async () => {
    const proxy = await startProxy();
    const { join, scheduler, one } = await startAlone(`redis://127.0.0.1:${proxy.port}`);
    proxy.cut();
    await eventually(() => expect(one.backplane.status.kind).not.toBe('connected'));
    scheduler.advance(BEAT_MS);
    expect(one.backplane.hasPeers()).toBe(true);
    const other = await join();
    expect(other.losses()).toBe(0);
    proxy.heal();
    await eventually(() => {
      scheduler.advance(BEAT_MS);
      expect(other.losses()).toBeGreaterThan(0);
    });
  });

  it('still sends what is published, such as kicks', async () => {
    const { prefix, one } = await startAlone();
    const observer = new Redis(server.url());
    onTestFinished(() => observer.disconnect());
    let frames = 0;
    observer.on('message', () => frames++);
    await observer.subscribe(`${prefix}room:default/room`);
    one.backplane.publish(ROOM, { kind: 'access', version: 7 });
    await eventually(() => expect(frames).toBe(1));
  });
});

describe('a listener of a room', () => {
  it('is told when it begins to hear, once, and not of what the others are told at a reconnection', async () => {
    const proxy = await startProxy();
    const { join } = createCluster();
    const [remote, other] = [await join(undefined, `redis://127.0.0.1:${proxy.port}`), await join()];
    proxy.delay(100);
    const heard = new Heard();
    let begun = 0;
    const first = remote.backplane.subscribe(ROOM, heard.listener, () => begun++);
    other.backplane.publish(ROOM, updateOf(1));
    expect(begun).toBe(0);
    await eventually(() => expect(begun).toBe(1));
    other.backplane.publish(ROOM, updateOf(2));
    await heard.until(({ origins }) => origins.includes(2));
    expect(heard.origins).toEqual([2]);
    const second = remote.backplane.subscribe(ROOM, heard.listener, () => begun++);
    expect(remote.losses()).toBe(0);
    proxy.cut();
    proxy.heal();
    await eventually(() => expect(remote.losses()).toBe(1));
    expect(begun).toBe(1);
    first.dispose();
    second.dispose();
  });
});
