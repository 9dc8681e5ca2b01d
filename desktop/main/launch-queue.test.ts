import { expect, it } from 'vitest';
import type { LaunchRequest } from './command-line.ts';
import { LaunchQueue } from './launch-queue.ts';

const link = (joinLink: string): LaunchRequest => ({
  folder: undefined,
  joinLink,
  mirrorFolder: undefined,
  relayUrl: undefined,
});

it('keeps what comes before the app is ready, in order, each once', () => {
  const queue = new LaunchQueue();
  for (const name of ['one', 'two', 'three']) queue.push(link(name));
  expect(queue.take()?.joinLink).toBe('one');
  const seen: (string | undefined)[] = [];
  queue.start(({ joinLink }) => seen.push(joinLink));
  queue.push(link('four'));
  expect(seen).toEqual(['two', 'three', 'four']);
  expect(queue.take()).toBeUndefined();
});
