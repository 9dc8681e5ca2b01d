import { describe, expect, it } from 'vitest';
import { type Precedence, PublishQueue } from './publish-queue.ts';

/** What a message of 800 bytes costs. */
const COST = 1_000;

function fill(queue: PublishQueue, channel: string, precedence: Precedence, numbers: readonly number[]): void {
  for (const number of numbers) queue.add(channel, precedence, new Uint8Array(800).fill(number));
}

function takeAll(queue: PublishQueue, channel: string): { numbers: number[]; hasLost: boolean } {
  const batch = queue.take(channel);
  return { numbers: (batch?.messages ?? []).map(([first = -1]) => first), hasLost: batch?.hasLost ?? false };
}

describe('a publish queue', () => {
  it('gives the messages of a room together, in their order', () => {
    const queue = new PublishQueue(100 * COST);
    fill(queue, 'a', 'update', [1]);
    fill(queue, 'b', 'update', [2]);
    fill(queue, 'a', 'presence', [3]);
    fill(queue, 'a', 'access', [4]);
    expect([...queue.channels]).toEqual(['a', 'b']);
    expect(takeAll(queue, 'a')).toEqual({ numbers: [1, 3, 4], hasLost: false });
    expect(takeAll(queue, 'b')).toEqual({ numbers: [2], hasLost: false });
    expect(queue.byteLength).toBe(0);
    expect(queue.take('a')).toBeUndefined();
    expect([...queue.channels]).toEqual([]);
  });

  it('drops presence first, then updates, then changes of access, the oldest of each', () => {
    const queue = new PublishQueue(6 * COST);
    fill(queue, 'a', 'access', [1]);
    fill(queue, 'a', 'update', [2, 3]);
    fill(queue, 'b', 'presence', [4, 5, 6]);
    fill(queue, 'a', 'update', [7]);
    expect(queue.droppedCount).toBe(1);
    fill(queue, 'a', 'update', [8, 9]);
    fill(queue, 'a', 'update', [10]);
    expect(queue.droppedCount).toBe(4);
    expect(queue.byteLength).toBe(6 * COST);
    expect(takeAll(queue, 'a')).toEqual({ numbers: [1, 3, 7, 8, 9, 10], hasLost: true });
  });

  it('tells of a room that has lost everything', () => {
    const queue = new PublishQueue(2 * COST);
    fill(queue, 'a', 'update', [1]);
    fill(queue, 'b', 'update', [2, 3]);
    expect(takeAll(queue, 'a')).toEqual({ numbers: [], hasLost: true });
    expect(queue.take('a')).toBeUndefined();
    expect(takeAll(queue, 'b')).toEqual({ numbers: [2, 3], hasLost: false });
  });

  it('cuts large batches, and lets other rooms in between', () => {
    const queue = new PublishQueue(100_000_000);
    const large = new Uint8Array(700_000);
    for (let count = 0; count < 3; count++) queue.add('a', 'update', large);
    queue.add('b', 'update', new Uint8Array(1));
    queue.add('c', 'update', new Uint8Array(3_000_000));
    const order: string[] = [];
    for (const channel of queue.channels) order.push(`${channel}${queue.take(channel)?.messages.length}`);
    expect(order).toEqual(['a1', 'b1', 'c1', 'a1', 'a1']);
  });

  it('keeps no memory of what is gone, however long it is full', () => {
    const queue = new PublishQueue(50 * COST);
    fill(queue, 'a', 'update', [1]);
    fill(
      queue,
      'a',
      'access',
      Array.from({ length: 48 }, () => 2),
    );
    const startMs = performance.now();
    for (let round = 0; round < 200_000; round++) queue.add('a', 'presence', new Uint8Array(800));
    // Work that grew with what was dropped would take minutes.
    expect(performance.now() - startMs).toBeLessThan(10_000);
    expect(queue.byteLength).toBe(50 * COST);
    expect(takeAll(queue, 'a').numbers).toHaveLength(50);
  });

  it('refuses what is larger than all it may hold, and says that it is missing', () => {
    const queue = new PublishQueue(COST);
    queue.add('a', 'update', new Uint8Array(10_000));
    expect(takeAll(queue, 'a')).toEqual({ numbers: [], hasLost: true });
  });
});
