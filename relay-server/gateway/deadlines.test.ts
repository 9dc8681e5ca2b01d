import { expect, it, onTestFinished } from 'vitest';
import { setUnexpectedErrorHandler } from '../../shared/lifecycle/index.ts';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { Deadlines, type Watched } from './deadlines.ts';

const scheduler = new ManualScheduler();

class Waiter implements Watched {
  dueAtMs: number;
  readonly calledAtMs: number[] = [];
  private readonly react: () => void;

  constructor(inMs: number, react: () => void = () => undefined) {
    this.dueAtMs = scheduler.elapsedMs() + inMs;
    this.react = react;
  }

  onDue(nowMs: number): void {
    this.calledAtMs.push(nowMs - startMs);
    this.dueAtMs = Infinity;
    this.react();
  }
}

let startMs = 0;

function watch(...waiters: readonly Waiter[]): Deadlines {
  startMs = scheduler.elapsedMs();
  const deadlines = new Deadlines(scheduler);
  onTestFinished(() => {
    for (const waiter of waiters) deadlines.delete(waiter);
    expect(scheduler.pendingCount).toBe(0);
  });
  for (const waiter of waiters) deadlines.add(waiter);
  return deadlines;
}

it('calls everybody when they are due, with one timer for all', () => {
  const waiters = [5_000, 2_000, 90 * 24 * 3_600_000].map((inMs) => new Waiter(inMs));
  watch(...waiters);
  expect(scheduler.pendingCount).toBe(1);
  scheduler.advance(100 * 24 * 3_600_000);
  expect(waiters.map(({ calledAtMs }) => calledAtMs)).toEqual([[5_000], [2_000], [90 * 24 * 3_600_000]]);
});

it('looks at most once a second, and is never early', () => {
  const waiters = Array.from({ length: 100 }, (_, index) => new Waiter(1_000 + index * 10));
  watch(...waiters);
  scheduler.advance(10_000);
  expect(new Set(waiters.flatMap(({ calledAtMs }) => calledAtMs))).toEqual(new Set([1_000, 2_000]));
});

it('follows deadlines that move, those that move nearer when it is told', () => {
  const [later, nearer] = [new Waiter(2_000), new Waiter(60_000)];
  const deadlines = watch(later, nearer);
  scheduler.advance(1_000);
  later.dueAtMs = startMs + 8_000;
  nearer.dueAtMs = startMs + 1_500;
  deadlines.noteEarlier(nearer);
  scheduler.advance(20_000);
  expect([later.calledAtMs, nearer.calledAtMs]).toEqual([[8_000], [1_500]]);
});

it('takes those who leave, or come, while others are called', () => {
  const late = new Waiter(7_000);
  const gone = new Waiter(3_000);
  const first = new Waiter(3_000, () => {
    deadlines.delete(gone);
    deadlines.add(late);
  });
  const deadlines = watch(first, gone);
  scheduler.advance(20_000);
  deadlines.delete(late);
  expect([first, gone, late].map(({ calledAtMs }) => calledAtMs)).toEqual([[3_000], [], [7_000]]);
});

it('reports who fails, and calls the others', () => {
  const problems: unknown[] = [];
  setUnexpectedErrorHandler((error) => problems.push(error));
  onTestFinished(() => setUnexpectedErrorHandler());
  const failing = new Waiter(3_000, () => {
    throw new Error('broken');
  });
  const other = new Waiter(3_000);
  watch(failing, other);
  scheduler.advance(3_000);
  expect([problems, other.calledAtMs]).toEqual([[new Error('broken')], [3_000]]);
});

it('is not moved by a clock that is set', () => {
  const waiter = new Waiter(5_000);
  watch(waiter);
  scheduler.jumpClock(3_600_000);
  scheduler.advance(4_999);
  scheduler.jumpClock(-7_200_000);
  expect(waiter.calledAtMs).toEqual([]);
  scheduler.advance(1);
  expect(waiter.calledAtMs).toEqual([5_000]);
});
