import { expect, it } from 'vitest';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { WriteDelay } from './write-delay.ts';

it('waits no longer than 2 s for a pause, though the clock is set back meanwhile', () => {
  const time = new ManualScheduler();
  const due: string[] = [];
  const delay = new WriteDelay(time, (fileId) => due.push(fileId));
  for (let passedMs = 0; passedMs < 2000; passedMs += 100) {
    delay.changed('f1');
    if (passedMs === 1000) time.jumpClock(-3_600_000);
    expect(due).toEqual([]);
    time.advance(100);
  }
  expect(due).toEqual(['f1']);
  expect([delay.isWaiting, time.pendingCount]).toEqual([false, 0]);
});
