import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { type FrameSource, UnfinishedFrames } from './unfinished-frames.ts';

class Source implements FrameSource {
  unfinishedBytes: number;
  isCutOff = false;

  constructor(unfinishedBytes: number) {
    this.unfinishedBytes = unfinishedBytes;
  }

  cutOff(): void {
    this.isCutOff = true;
    this.unfinishedBytes = 0;
  }
}

function watch(...bytes: readonly number[]) {
  const scheduler = new ManualScheduler();
  const unfinished = new UnfinishedFrames(scheduler, 1_000);
  onTestFinished(() => unfinished.dispose());
  const sources = bytes.map((each) => new Source(each));
  for (const source of sources) unfinished.add(source);
  return { scheduler, unfinished, sources, cutOff: () => sources.map(({ isCutOff }) => isCutOff) };
}

it('cuts off those that have most of what never comes to an end, and no more of them than it must', () => {
  const { scheduler, sources, cutOff } = watch(300, 400, 100, 200);
  scheduler.advance(1_000);
  expect(cutOff()).toEqual([false, false, false, false]);
  for (const source of sources) source.unfinishedBytes += 100;
  scheduler.advance(1_000);
  expect(cutOff()).toEqual([false, true, false, false]);
});

it('forgets those that are gone, and ends', () => {
  const { scheduler, unfinished, sources, cutOff } = watch(600, 600);
  const [first] = sources;
  if (first) unfinished.delete(first);
  scheduler.advance(1_000);
  expect(cutOff()).toEqual([false, false]);
  unfinished.dispose();
  expect(scheduler.pendingCount).toBe(0);
});
