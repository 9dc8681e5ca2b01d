import { setImmediate as settle } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MIN_PIECE_BYTES, TransferLine } from './transfer-line.ts';

const PART_BYTES = 1024 * 1024;
/** What a request has beside its bytes. */
const HEAD_BYTES = 900;

interface Link {
  readonly bytesPerMs: number;
  readonly roundTripMs: number;
}

/** Parts on their way over a simulated link, two at a time as of one blob. */
function start(link: Link) {
  const clock = { nowMs: 0, elapsedMs: () => clock.nowMs };
  const line = new TransferLine(clock);
  const arrivals: { readonly atMs: number; readonly arrive: () => void }[] = [];
  let { bytesPerMs, roundTripMs } = link;
  let freeAtMs = 0;
  let lateMs = () => 0;
  const heldMs: number[] = [];
  const order: number[] = [];
  const sendPart = async (part: number, sizeBytes = PART_BYTES) => {
    const place = line.enter();
    for (let left = sizeBytes; left > 0;) {
      const bytes = await place.turn(left);
      order.push(part);
      freeAtMs = Math.max(freeAtMs, clock.nowMs) + (bytes + HEAD_BYTES) / bytesPerMs;
      heldMs.push(freeAtMs - clock.nowMs);
      await new Promise<void>((arrive) => arrivals.push({ atMs: freeAtMs + roundTripMs + lateMs(), arrive }));
      left -= bytes;
      place.answered(left > 0);
    }
    place.dispose();
  };
  /** Lets time pass until everything has arrived; gives how long that took. */
  const finish = async (): Promise<number> => {
    const startedMs = clock.nowMs;
    for (await settle(); arrivals.length > 0; await settle()) {
      arrivals.sort((a, b) => a.atMs - b.atMs);
      const next = arrivals.shift();
      clock.nowMs = Math.max(clock.nowMs, next?.atMs ?? 0);
      next?.arrive();
    }
    return clock.nowMs - startedMs;
  };
  const change = (to: Link) => ({ bytesPerMs, roundTripMs } = to);
  const delayAnswers = (by: () => number) => (lateMs = by);
  return { line, delayAnswers, clock, sendPart, finish, heldMs, order, change };
}

async function sendAll(world: ReturnType<typeof start>, parts: number, atOnce: number): Promise<number> {
  const left = Array.from({ length: parts }, (_, part) => part)[Symbol.iterator]();
  const sending = Array.from({ length: atOnce }, async () => {
    for (const part of left) await world.sendPart(part);
  });
  const tookMs = await world.finish();
  await Promise.all(sending);
  return tookMs;
}

describe('what is on the way of a line', () => {
  it.each([
    { bytesPerMs: 2, roundTripMs: 50, parts: 1, heldAtMostMs: 5_000, usedAtLeast: 0.7 },
    { bytesPerMs: 15, roundTripMs: 50, parts: 3, heldAtMostMs: 750, usedAtLeast: 0.7 },
    { bytesPerMs: 15, roundTripMs: 2_000, parts: 3, heldAtMostMs: 2_000, usedAtLeast: 0.3 },
    // 1 Mbit/s
    { bytesPerMs: 125, roundTripMs: 80, parts: 8, heldAtMostMs: 500, usedAtLeast: 0.7 },
    // 10 Mbit/s
    { bytesPerMs: 1_250, roundTripMs: 20, parts: 30, heldAtMostMs: 450, usedAtLeast: 0.85 },
    // 1 Gbit/s
    { bytesPerMs: 125_000, roundTripMs: 1, parts: 100, heldAtMostMs: 50, usedAtLeast: 0.5 },
  ])(
    'of $bytesPerMs bytes/ms and $roundTripMs ms holds others up little, and uses it',
    async ({ parts, heldAtMostMs, usedAtLeast, ...link }) => {
      const world = start(link);
      const tookMs = await sendAll(world, parts, 4);
      expect(Math.max(...world.heldMs)).toBeLessThan(heldAtMostMs);
      expect((parts * PART_BYTES) / link.bytesPerMs / tookMs).toBeGreaterThan(usedAtLeast);
    },
  );

  it('becomes little when the line becomes slow, or when nobody answers', async () => {
    const world = start({ bytesPerMs: 12_500, roundTripMs: 20 });
    await sendAll(world, 20, 4);
    world.change({ bytesPerMs: 15, roundTripMs: 50 });
    const before = world.heldMs.length;
    await sendAll(world, 6, 4);
    expect(Math.max(...world.heldMs.slice(before + 40))).toBeLessThan(1_000);
    const fast = start({ bytesPerMs: 12_500, roundTripMs: 20 });
    await sendAll(fast, 20, 4);
    const place = fast.line.enter();
    expect(await place.turn(PART_BYTES)).toBeGreaterThan(100_000);
    place.failed(true);
    expect(await place.turn(PART_BYTES)).toBe(MIN_PIECE_BYTES);
    place.dispose();
  });

  it('does not become little for good when the way becomes long, or answers come late now and then', async () => {
    const world = start({ bytesPerMs: 12_500, roundTripMs: 2 });
    await sendAll(world, 4, 4);
    world.change({ bytesPerMs: 12_500, roundTripMs: 600 });

    expect(await sendAll(world, 100, 4)).toBeLessThan(60_000);
    const busy = start({ bytesPerMs: 12_500, roundTripMs: 2 });
    let answers = 0;
    // As from a machine that does other things: two of three come late.
    busy.delayAnswers(() => (answers++ % 3 === 0 ? 0 : 400));

    expect(await sendAll(busy, 20, 4)).toBeLessThan(8_000);
  });

  it('is one part after the other on a slow line, in the order in which they came', async () => {
    const world = start({ bytesPerMs: 15, roundTripMs: 50 });
    const sending = [0, 1, 2].map((part) => world.sendPart(part, 100_000));
    await world.finish();
    await Promise.all(sending);
    expect(world.order).toEqual(world.order.toSorted((a, b) => a - b));
  });

  it('is not held up by a part that is given up while it is its turn', async () => {
    const world = start({ bytesPerMs: 15, roundTripMs: 50 });
    const [first, second] = [world.line.enter(), world.line.enter()];
    await first.turn(PART_BYTES);
    const turn = second.turn(PART_BYTES);
    first.dispose();
    expect(await turn).toBe(MIN_PIECE_BYTES);
    second.dispose();
  });
});
