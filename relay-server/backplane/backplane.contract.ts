import { describe, expect, it, onTestFinished } from 'vitest';
import type { Backplane, BackplaneMessage } from './backplane.ts';

/** Nodes of one cluster. */
export interface BackplanesUnderTest {
  /** One more node. The suite disposes it. */
  join(): Backplane;
  /** Resolves when everything that was subscribed is heard. */
  settled(): Promise<void>;
}

export const ROOM = { tenant: 'default', room: 'room' };

export function updateOf(origin: number, payload: Uint8Array = new Uint8Array([origin % 256])): BackplaneMessage {
  return { kind: 'update', document: 'file', origin, author: 7, payload };
}

/** What came to a listener, and a way to wait for more. */
export class Heard {
  readonly messages: BackplaneMessage[] = [];
  readonly nodeIds = new Set<string>();
  private waiting: (() => void)[] = [];

  readonly listener = (message: BackplaneMessage, nodeId: string): void => {
    this.messages.push(message);
    this.nodeIds.add(nodeId);
    for (const wake of this.waiting.splice(0)) wake();
  };

  get origins(): number[] {
    return this.messages.flatMap((message) => (message.kind === 'update' ? [message.origin] : []));
  }

  /** Resolves when a message of the kind of `accepts` is among them. The test's own timeout is the limit. */
  async until(accepts: (heard: Heard) => boolean): Promise<void> {
    while (!accepts(this)) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}

const DIGEST = { seq: 5, state: new Uint8Array(16).fill(1), text: new Uint8Array(16).fill(2) };
const ALL_KINDS: readonly BackplaneMessage[] = [
  updateOf(1, new Uint8Array([1, 2, 3])),
  { kind: 'committed', document: 'file', epoch: 'e-1', fromSeq: 4, origins: [1, 2] },
  { kind: 'presence', isWhole: true, message: new Uint8Array([9]) },
  { kind: 'seen', document: 'file', epoch: 'e-1', entries: [{ presenceId: 3, seq: 12 }] },
  { kind: 'presence-wanted' },
  {
    kind: 'digests',
    document: 'file',
    epoch: 'e-1',
    entries: [
      { presenceId: 3, digest: DIGEST },
      { presenceId: 4, digest: undefined },
    ],
  },
  { kind: 'access', version: 7 },
];

/** What every {@link Backplane} must do while nothing is broken. */
export function describeBackplane(name: string, open: () => BackplanesUnderTest): void {
  function setUp(nodes: number) {
    const cluster = open();
    const joined = Array.from({ length: nodes }, () => cluster.join());
    onTestFinished(() => joined.forEach((backplane) => backplane.dispose()));
    const listen = (node: number, room = ROOM) => {
      const heard = new Heard();
      const subscription = joined[node]?.subscribe(room, heard.listener);
      onTestFinished(() => subscription?.dispose());
      return { heard, subscription };
    };
    const at = (node: number): Backplane => {
      const backplane = joined[node];
      if (!backplane) throw new Error(`no node ${node}`);
      return backplane;
    };
    return { cluster, at, listen };
  }

  describe(`backplane: ${name}`, () => {
    it('carries every kind of message to all other nodes, and not back', async () => {
      const { cluster, at, listen } = setUp(3);
      const [own, one, other] = [listen(0).heard, listen(1).heard, listen(2).heard];
      await cluster.settled();
      expect(at(0).hasPeers(ROOM)).toBe(true);
      for (const message of ALL_KINDS) at(0).publish(ROOM, message);
      await Promise.all(
        [one, other].map((heard) => heard.until(({ messages }) => messages.length >= ALL_KINDS.length)),
      );
      expect(plain(one.messages)).toEqual(plain(ALL_KINDS));
      expect(plain(other.messages)).toEqual(plain(ALL_KINDS));
      at(1).publish(ROOM, updateOf(99));
      await own.until(({ messages }) => messages.length > 0);
      expect(own.origins).toEqual([99]);
      expect(one.nodeIds.size).toBe(1);
      expect([...own.nodeIds][0]).not.toBe([...one.nodeIds][0]);
    });

    it('keeps the order of each node', async () => {
      const { cluster, at, listen } = setUp(3);
      const { heard } = listen(2);
      await cluster.settled();
      for (let count = 0; count < 1_000; count++) {
        at(0).publish(ROOM, updateOf(count));
        at(1).publish(ROOM, updateOf(10_000 + count));
        if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await heard.until(({ messages }) => messages.length >= 2_000);
      const counts = Array.from({ length: 1_000 }, (_, index) => index);
      expect(heard.origins.filter((origin) => origin < 10_000)).toEqual(counts);
      expect(heard.origins.filter((origin) => origin >= 10_000)).toEqual(counts.map((count) => 10_000 + count));
    });

    it('keeps rooms and tenants apart', async () => {
      const { cluster, at, listen } = setUp(2);
      const { heard } = listen(1);
      await cluster.settled();
      at(0).publish({ tenant: 'default', room: 'other' }, updateOf(1));
      at(0).publish({ tenant: 'other', room: 'room' }, updateOf(2));
      at(0).publish(ROOM, updateOf(3));
      await heard.until(({ messages }) => messages.length > 0);
      expect(heard.origins).toEqual([3]);
    });

    it('serves several listeners of a node, each until it ends', async () => {
      const { cluster, at, listen } = setUp(2);
      const [first, second] = [listen(1), listen(1)];
      await cluster.settled();
      at(0).publish(ROOM, updateOf(1));
      await second.heard.until(({ messages }) => messages.length === 1);
      first.subscription?.dispose();
      at(0).publish(ROOM, updateOf(2));
      await second.heard.until(({ messages }) => messages.length === 2);
      expect(first.heard.origins).toEqual([1]);
      second.subscription?.dispose();
      const third = listen(1);
      await cluster.settled();
      at(0).publish(ROOM, updateOf(3));
      await third.heard.until(({ messages }) => messages.length > 0);
      expect(third.heard.origins).toEqual([3]);
      expect(second.heard.origins).toEqual([1, 2]);
    });

    it('carries the largest update', async () => {
      const { cluster, at, listen } = setUp(2);
      const { heard } = listen(1);
      await cluster.settled();
      const payload = new Uint8Array(16 * 1024 * 1024);
      for (let index = 0; index < payload.length; index += 4_099) payload[index] = index % 251;
      at(0).publish(ROOM, updateOf(1));
      at(0).publish(ROOM, updateOf(2, payload));
      at(0).publish(ROOM, updateOf(3));
      await heard.until(({ messages }) => messages.length === 3);
      expect(heard.origins).toEqual([1, 2, 3]);
      const [, large] = heard.messages;
      expect(large?.kind === 'update' && Buffer.from(payload).equals(large.payload)).toBe(true);
    });

    it('serves thousands of rooms', async () => {
      const { cluster, at } = setUp(2);
      const rooms = Array.from({ length: 2_000 }, (_, index) => ({ tenant: 'default', room: `room-${index}` }));
      const heard = new Heard();
      const subscriptions = rooms.map((room) => at(1).subscribe(room, heard.listener));
      onTestFinished(() => subscriptions.forEach((subscription) => subscription.dispose()));
      await cluster.settled();
      for (const [index, room] of rooms.entries()) at(0).publish(room, updateOf(index));
      await heard.until(({ messages }) => messages.length === rooms.length);
      expect(new Set(heard.origins).size).toBe(rooms.length);
    });
  });
}

/** Byte strings as arrays, so that a Buffer equals what it came from. */
function plain(messages: readonly BackplaneMessage[]): unknown {
  return messages.map((message): unknown =>
    JSON.parse(JSON.stringify(message, (_key, value: unknown) => (value instanceof Uint8Array ? [...value] : value))),
  );
}
