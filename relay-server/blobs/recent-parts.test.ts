import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { RecentParts } from './recent-parts.ts';

function start() {
  const scheduler = new ManualScheduler();
  const recent = new RecentParts(scheduler);
  onTestFinished(() => recent.dispose());
  let reads = 0;
  const read = (name: string) =>
    recent.read(name, async () => {
      reads++;
      return new Uint8Array([1]);
    });
  return { scheduler, recent, read, reads: () => reads };
}

it('a part that is asked for again and again is read once, until nobody asks for it any more', async () => {
  const { scheduler, read, reads } = start();
  await Promise.all([read('a'), read('a')]);
  for (let asked = 0; asked < 10; asked++) {
    scheduler.advance(20_000);
    await read('a');
  }
  expect(reads()).toBe(1);
  scheduler.advance(60_000);
  expect(scheduler.pendingCount).toBe(0);
  await read('a');
  expect(reads()).toBe(2);
});

it('few are kept, those that were asked for last', async () => {
  const { read, reads } = start();
  for (let part = 0; part < 40; part++) await read(`part ${part}`);
  await read('part 39');
  expect(reads()).toBe(40);
  await read('part 0');
  expect(reads()).toBe(41);
});

it('a part that could not be read is read again', async () => {
  const { recent, read, reads } = start();
  await expect(recent.read('a', () => Promise.reject(new Error('damaged')))).rejects.toThrow('damaged');
  await read('a');
  expect(reads()).toBe(1);
});
