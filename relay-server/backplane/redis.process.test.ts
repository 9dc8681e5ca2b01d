import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { RedisServer } from '../testing/redis-server.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';
import { encodeFrame, encodeMessage } from './backplane-codec.ts';
import { describeBackplane, Heard, ROOM, updateOf } from './backplane.contract.ts';
import type { BackplaneMessage } from './backplane.ts';
import { openRedisBackplane, type RedisBackplane, type RedisBackplaneOptions } from './redis.ts';
import { RedisFailure } from './redis/redis-failure.ts';

const CHANNEL = 'tutti:room:default/room';
/** The heartbeat takes three seconds to notice, the longest pause between attempts is two. */
const RECOVERY = { timeout: 15_000, interval: 20 };

async function startServer(settings: readonly string[] = []): Promise<RedisServer> {
  const server = await RedisServer.start(settings);
  onTestFinished(() => server.dispose());
  return server;
}

async function startProxy(server: RedisServer): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(server.port);
  onTestFinished(() => proxy.dispose());
  return proxy;
}

interface Node {
  readonly backplane: RedisBackplane;
  readonly problems: unknown[];
  readonly heard: Heard;
  losses(): number;
}

/** A node that listens to the room. */
function join(url: string, options: Partial<RedisBackplaneOptions> = {}): Node {
  const problems: unknown[] = [];
  const backplane = openRedisBackplane(url, { reportProblem: (error) => problems.push(error), ...options });
  let losses = 0;
  const lossSubscription = backplane.onDidLoseMessages(() => losses++);
  const heard = new Heard();
  const subscription = backplane.subscribe(ROOM, heard.listener);
  onTestFinished(() => {
    subscription.dispose();
    lossSubscription.dispose();
    backplane.dispose();
  });
  return { backplane, problems, heard, losses: () => losses };
}

async function settled(...nodes: readonly Node[]): Promise<void> {
  await vi.waitFor(() => expect(nodes.map(({ backplane }) => backplane.isSettled)).not.toContain(false), RECOVERY);
}

/** Whatever was sent before has arrived when this has. */
async function expectCarried(from: Node, to: Node, origin: number): Promise<void> {
  from.backplane.publish(ROOM, updateOf(origin));
  await to.heard.until(({ origins }) => origins.includes(origin));
}

function codesOf(problems: readonly unknown[]): unknown[] {
  return problems.map((problem) => (problem instanceof RedisFailure ? problem.code : problem));
}

/** A client of the server that is no relay. */
function rawClient(url: string): Redis {
  const client = new Redis(url);
  onTestFinished(() => client.disconnect());
  return client;
}

let shared: RedisServer;
let clusters = 0;
beforeAll(async () => {
  shared = await RedisServer.start();
});
afterAll(() => shared.dispose());

describeBackplane('on Redis', () => {
  const nodes: RedisBackplane[] = [];
  const prefix = `cluster-${++clusters}:`;
  return {
    join() {
      const backplane = openRedisBackplane(shared.url(), {
        prefix,
        reportProblem: (error) => {
          throw error;
        },
      });
      nodes.push(backplane);
      return backplane;
    },
    settled: () => vi.waitFor(() => expect(nodes.every(({ isSettled }) => isSettled)).toBe(true), RECOVERY),
  };
});

/** Bytes outside of the heap that something still holds. */
function keptMemory(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
  return process.memoryUsage().arrayBuffers;
}

describe('a relay node whose Redis', () => {
  it('is down at its start serves, says so once, and sends what waits when Redis comes', async () => {
    const server = await RedisServer.prepare();
    onTestFinished(() => server.dispose());
    const [one, other] = [join(server.url()), join(server.url())];
    one.backplane.publish(ROOM, updateOf(1));
    await vi.waitFor(() => expect(one.problems).toHaveLength(1), RECOVERY);
    expect(codesOf(one.problems)).toEqual(['unreachable']);
    expect(String(one.problems[0])).toContain(`redis://127.0.0.1:${server.port}`);
    expect(one.backplane.status.kind).toBe('unavailable');
    await server.start();
    await settled(one, other);
    await expectCarried(one, other, 2);
    expect(one.backplane.status.kind).toBe('connected');
    await vi.waitFor(() => expect(other.losses()).toBeGreaterThan(0));
    expect(one.problems).toHaveLength(1);
  });

  it('wants another password says what to correct, without the password', async () => {
    const server = await startServer(['--requirepass', 'right']);
    const wrong = join(server.url(':not-right'));
    const none = join(server.url());
    await vi.waitFor(() => expect([wrong, none].map(({ problems }) => problems.length)).toEqual([1, 1]), RECOVERY);
    expect(codesOf([...wrong.problems, ...none.problems])).toEqual(['unauthenticated', 'unauthenticated']);
    expect(String(wrong.problems[0])).toContain('user name or password');
    expect(String(wrong.problems[0])).not.toContain('not-right');
    const right = join(server.url(':right'));
    await settled(right);
    expect(right.problems).toEqual([]);
  });

  it('does not speak TLS where TLS is asked for says so', async () => {
    const one = join(shared.url().replace('redis:', 'rediss:'));
    await vi.waitFor(() => expect(codesOf(one.problems)).toEqual(['silent']), RECOVERY);
    expect(String(one.problems[0])).toContain('speaks TLS');
  });

  it('denies rights says which, and works as soon as they are granted', async () => {
    const server = await startServer(['--user', 'relay', 'on', '>pw', '+@all', 'resetchannels', '&other:*']);
    const url = server.url('relay:pw');
    const [one, other] = [join(url), join(url)];
    await vi.waitFor(() => expect(codesOf(one.problems)).toEqual(['forbidden']), RECOVERY);
    expect(String(one.problems[0])).toContain('&tutti:*');
    await rawClient(server.url()).call('ACL', 'SETUSER', 'relay', '&tutti:*');
    await settled(one, other);
    await expectCarried(one, other, 1);
  });

  it('is killed and comes back is found again', async () => {
    const server = await startServer();
    const [one, other] = [join(server.url()), join(server.url())];
    await settled(one, other);
    await expectCarried(one, other, 1);
    const lossesBefore = other.losses();
    await server.kill();
    await vi.waitFor(() => expect(one.backplane.status.kind).toBe('unavailable'), RECOVERY);
    one.backplane.publish(ROOM, { kind: 'access', version: 7 });
    await server.start();
    await settled(one, other);
    await expectCarried(one, other, 2);
    await vi.waitFor(() => expect(other.losses()).toBeGreaterThan(lossesBefore), RECOVERY);
    expect(codesOf(one.problems)).toEqual(['unreachable']);
    // A second outage is another one.
    await server.kill();
    await vi.waitFor(() => expect(codesOf(one.problems)).toEqual(['unreachable', 'unreachable']), RECOVERY);
  });

  it('stalls is given up after three seconds, and taken again', async () => {
    const server = await startServer();
    const [one, other] = [join(server.url()), join(server.url())];
    await settled(one, other);
    const lossesBefore = other.losses();
    const startMs = performance.now();
    server.stall();
    await vi.waitFor(() => expect(one.backplane.status.kind).toBe('unavailable'), RECOVERY);
    expect(performance.now() - startMs).toBeLessThan(10_000);
    expect(codesOf(one.problems)).toEqual(['silent']);
    server.resume();
    await settled(one, other);
    await expectCarried(one, other, 2);
    await vi.waitFor(() => expect(other.losses()).toBeGreaterThan(lossesBefore), RECOVERY);
  });

  it('cannot be reached through the network any more notices, and asks the log when it is healed', async () => {
    const server = await startServer();
    const proxy = await startProxy(server);
    const [one, remote] = [join(server.url()), join(`redis://127.0.0.1:${proxy.port}`)];
    await settled(one, remote);
    await expectCarried(remote, one, 1);
    proxy.blackHole();
    await vi.waitFor(() => expect(remote.backplane.status.kind).toBe('unavailable'), RECOVERY);
    expect(one.backplane.status.kind).toBe('connected');
    one.backplane.publish(ROOM, updateOf(2));
    remote.backplane.publish(ROOM, updateOf(3));
    const lossesBefore = remote.losses();
    proxy.heal();
    await settled(remote);
    await expectCarried(one, remote, 4);
    await expectCarried(remote, one, 5);
    expect(one.heard.origins).toEqual([1, 3, 5]);
    await vi.waitFor(() => expect(remote.losses()).toBeGreaterThan(lossesBefore), RECOVERY);
  });

  it('drops the connection for a moment loses nothing that is published meanwhile, and reports no outage', async () => {
    const server = await startServer();
    const proxy = await startProxy(server);
    const [one, remote] = [join(server.url()), join(`redis://127.0.0.1:${proxy.port}`)];
    await settled(one, remote);
    for (let origin = 1; origin <= 100; origin++) remote.backplane.publish(ROOM, updateOf(origin));
    await new Promise((resolve) => setImmediate(resolve));
    proxy.cut();
    proxy.heal();
    for (let origin = 101; origin <= 200; origin++) remote.backplane.publish(ROOM, updateOf(origin));
    await expectCarried(remote, one, 201);
    expect(one.heard.origins).toEqual(Array.from({ length: 201 }, (_, index) => index + 1));
    await settled(remote);
    expect(remote.problems).toEqual([]);
  });

  it('is slow still serves in order', async () => {
    const server = await startServer();
    const proxy = await startProxy(server);
    proxy.delay(30);
    const [one, remote] = [join(server.url()), join(`redis://127.0.0.1:${proxy.port}`)];
    await settled(one, remote);
    for (let origin = 1; origin <= 50; origin++) remote.backplane.publish(ROOM, updateOf(origin));
    await expectCarried(remote, one, 51);
    expect(one.heard.origins).toEqual(Array.from({ length: 51 }, (_, index) => index + 1));
  });

  it('is down for long costs bounded memory; changes of access are kept, and receivers learn of what was dropped', async () => {
    const server = await startServer();
    const proxy = await TcpProxy.start(server.port);
    onTestFinished(() => proxy.dispose());
    proxy.cut();
    const maxQueuedBytes = 8 * 1024 * 1024;
    const one = join(`redis://127.0.0.1:${proxy.port}`, { maxQueuedBytes });
    const other = join(server.url());
    await settled(other);
    one.backplane.publish(ROOM, { kind: 'access', version: 7 });
    const before = keptMemory();
    for (let count = 0; count < 100_000; count++) {
      one.backplane.publish(ROOM, updateOf(count, new Uint8Array(1_000).fill(count % 256)));
      if (count % 10 === 0)
        one.backplane.publish(ROOM, { kind: 'presence', isWhole: false, message: new Uint8Array(1) });
    }
    expect(one.backplane.queuedBytes).toBeLessThanOrEqual(maxQueuedBytes);
    expect(one.backplane.droppedCount).toBeGreaterThan(90_000);
    // What is collected is given back in the background.
    await vi.waitFor(() => expect(keptMemory() - before).toBeLessThan(4 * maxQueuedBytes));
    proxy.heal();
    await expectCarried(one, other, 200_000);
    expect(other.heard.messages.filter(({ kind }) => kind === 'access')).toHaveLength(1);
    expect(other.heard.messages.filter(({ kind }) => kind === 'presence')).toHaveLength(0);
    expect(other.heard.origins.slice(-2)).toEqual([99_999, 200_000]);
  });
});

describe('the channels of Redis', () => {
  it('may carry garbage: it is reported once, and hurts nobody', async () => {
    const server = await startServer();
    const [one, other] = [join(server.url()), join(server.url())];
    await settled(one, other);
    const client = rawClient(server.url());
    const envelope = { nodeId: 'somebody', series: 1, sequence: 1 };
    const good = encodeFrame(envelope, [encodeMessage(updateOf(1)), encodeMessage({ kind: 'presence-wanted' })]);
    for (let length = 0; length < good.length; length++) await client.publish(CHANNEL, good.subarray(0, length));
    await client.publish(CHANNEL, Buffer.concat([good, Buffer.from([0])]));
    await client.publish(CHANNEL, 'no frame at all');
    await client.publish(CHANNEL, Buffer.alloc(100_000, 255));
    await client.publish(`tutti:node:${one.backplane.nodeId}`, Buffer.alloc(10, 255));
    await client.publish(CHANNEL, good);
    await expectCarried(other, one, 2);
    expect(one.heard.origins).toEqual([1, 2]);
    expect(one.problems).toHaveLength(1);
    expect(String(one.problems[0])).toContain(CHANNEL);
    expect(one.backplane.status.kind).toBe('connected');
  });

  it('tell by their numbers what was lost and what came twice', async () => {
    const server = await startServer();
    const one = join(server.url());
    await settled(one);
    await vi.waitFor(() => expect(one.losses()).toBe(1));
    const client = rawClient(server.url());
    const send = (sequence: number, series = 1) =>
      client.publish(
        CHANNEL,
        encodeFrame({ nodeId: 'other', series, sequence }, [encodeMessage(updateOf(series * 100 + sequence))]),
      );
    for (const sequence of [7, 8, 8, 7, 9]) await send(sequence);
    await send(1, 2);
    await one.heard.until(({ messages }) => messages.length === 4);
    expect(one.heard.origins).toEqual([107, 108, 109, 201]);
    expect(one.losses()).toBe(1);
    await send(3, 2);
    await vi.waitFor(() => expect(one.losses()).toBe(2));
  });

  it('are subscribed as long as somebody listens, and given up with the node', async () => {
    const server = await startServer();
    const client = rawClient(server.url());
    const channels = async () => ((await client.pubsub('CHANNELS', 'tutti:room:*')) as string[]).toSorted();
    const one = join(server.url());
    const room = { tenant: 'a/b%', room: 'c' };
    const [first, second] = [one.backplane.subscribe(room, () => {}), one.backplane.subscribe(room, () => {})];
    await settled(one);
    expect(await channels()).toEqual(['tutti:room:a%2Fb%25/c', CHANNEL]);
    first.dispose();
    await settled(one);
    expect(await channels()).toHaveLength(2);
    second.dispose();
    await vi.waitFor(async () => expect(await channels()).toEqual([CHANNEL]));
    one.backplane.dispose();
    expect(one.backplane.status.kind).toBe('disposed');
    one.backplane.publish(ROOM, updateOf(1));
    await vi.waitFor(async () => expect(String(await client.client('LIST'))).not.toContain('name=tutti-relay'));
  });

  it('are left at once, also when the network takes nothing any more', async () => {
    const server = await startServer();
    const proxy = await startProxy(server);
    const one = join(`redis://127.0.0.1:${proxy.port}`);
    await settled(one);
    proxy.blackHole();
    const message: BackplaneMessage = updateOf(1, new Uint8Array(1_000_000));
    for (let count = 0; count < 20; count++) one.backplane.publish(ROOM, message);
    await new Promise((resolve) => setImmediate(resolve));
    one.backplane.dispose();
    proxy.heal();
    await vi.waitFor(() => expect(proxy.connectionCount).toBe(0));
  });
});
