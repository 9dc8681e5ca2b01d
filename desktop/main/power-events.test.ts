import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { watchPower } from './power-events.ts';

it('tells of waking with how long the device slept, and of unlocking', () => {
  const monitor = new EventEmitter();
  const scheduler = new ManualScheduler();
  const wakes: number[] = [];
  const watch = watchPower(monitor, scheduler, (asleepMs) => wakes.push(asleepMs));
  monitor.emit('suspend');
  scheduler.jumpClock(600_000);
  monitor.emit('resume');
  monitor.emit('unlock-screen');
  // Woke without having said that it goes to sleep, or with a clock that was set back meanwhile.
  monitor.emit('resume');
  monitor.emit('suspend');
  scheduler.jumpClock(-3_600_000);
  monitor.emit('resume');
  expect(wakes).toEqual([600_000, 0, 0, 0]);
  watch.dispose();
  expect(monitor.eventNames()).toEqual([]);
});
