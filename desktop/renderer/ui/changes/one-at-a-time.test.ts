import { expect, it } from 'vitest';
import { settle } from '../../../../shared/testing/scripted-relay.ts';
import { OneAtATime } from './one-at-a-time.ts';

it('runs once more for all that is asked for meanwhile, and not when it was ended', async () => {
  const ends: (() => void)[] = [];
  const runs = new OneAtATime(() => new Promise((resolve) => ends.push(resolve)));
  for (let count = 0; count < 3; count++) runs.run();
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await settle();
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await settle();
  expect(ends).toHaveLength(2);
  runs.run();
  runs.run();
  expect(ends).toHaveLength(3);
  runs.end();
  ends[2]?.();
  await settle();
  runs.run();
  expect(ends).toHaveLength(3);
});
