import { expect, it } from 'vitest';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { DueFiles, WriteDelay } from './write-delay.ts';

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

it('gathers many files into few tasks, between which others have their turn', () => {
  const takes: (() => readonly string[])[] = [];
  const due = new DueFiles((take) => takes.push(take), 16);
  for (let file = 0; file < 600; file++) due.add([`f${file}`]);
  expect(takes).toHaveLength(1);
  const taken = new Set<string>();
  let tasks = 0;
  for (let take = takes.shift(); take; take = takes.shift()) {
    tasks++;
    const some = take();
    expect(some.length).toBeLessThanOrEqual(16);
    // The rest is behind whatever came meanwhile.
    expect(takes.length).toBeLessThanOrEqual(1);
    for (const fileId of some) taken.add(fileId);
  }
  expect([taken.size, tasks]).toEqual([600, 38]);
  due.add([]);
  expect(takes).toEqual([]);
});
