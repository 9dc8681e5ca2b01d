import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../testing/manual-scheduler.ts';
import { WakeWatch } from './wake-watch.ts';

function start() {
  const scheduler = new ManualScheduler();
  let wakes = 0;
  const watch = new WakeWatch(scheduler, () => void wakes++);
  onTestFinished(() => watch.dispose());
  return { scheduler, countWakes: () => wakes };
}

it('tells once that the clock went on while no time was counted', () => {
  const { scheduler, countWakes } = start();
  scheduler.advance(60_000);
  scheduler.jumpClock(9_000);
  scheduler.advance(10_000);
  expect(countWakes()).toBe(0);
  scheduler.jumpClock(600_000);
  scheduler.advance(2_000);
  expect(countWakes()).toBe(1);
  scheduler.advance(60_000);
  expect(countWakes()).toBe(1);
});

it('takes a clock that is set back for no sleep', () => {
  const { scheduler, countWakes } = start();
  scheduler.jumpClock(-3_600_000);
  scheduler.advance(60_000);
  expect(countWakes()).toBe(0);
});

it('tells that a beat came late, where time is counted during sleep', () => {
  const clock = { ms: 0 };
  const beats: (() => void)[] = [];
  let wakes = 0;
  const scheduler = {
    now: () => clock.ms,
    elapsedMs: () => clock.ms,
    schedule: (task: () => void) => {
      beats.push(task);
      return { dispose: () => undefined };
    },
  };
  const watch = new WakeWatch(scheduler, () => void wakes++);
  onTestFinished(() => watch.dispose());
  clock.ms += 2_100;
  beats.shift()?.();
  expect(wakes).toBe(0);
  clock.ms += 300_000;
  beats.shift()?.();
  expect(wakes).toBe(1);
});
