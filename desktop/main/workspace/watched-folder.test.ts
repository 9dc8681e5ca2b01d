import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import type { FolderWatchEvents } from './folder-watch.ts';
import { ProblemBoard } from './problem-board.ts';
import { openProblemsOf } from './testing/mirror-under-test.ts';
import type { MirrorProblem } from './shared-files.ts';
import { WatchedFolder } from './watched-folder.ts';

const MINUTE_MS = 60_000;

/** A folder that the system watches only while `isPossible`. */
function watchWhilePossible() {
  const scheduler = new ManualScheduler();
  const told: MirrorProblem[] = [];
  const system = {
    isPossible: true,
    events: [] as FolderWatchEvents[],
    compared: 0,
    /** Watches that have begun and were not disposed. */
    following: 0,
    /** What the system waits for before it follows. */
    walk: Promise.resolve(),
  };
  const watched = new WatchedFolder({
    folder: '/folder',
    scheduler,
    problems: new ProblemBoard((problem) => told.push(problem)),
    begin: async (_root, events) => {
      if (!system.isPossible) throw new Error('the limit of watches is reached');
      system.events.push(events);
      await system.walk;
      system.following++;
      return { ended: Promise.resolve(), dispose: () => system.following-- };
    },
    onPaths: () => {},
    onMissed: () => system.compared++,
  });
  onTestFinished(() => watched.dispose());
  return { watched, scheduler, system, openIds: () => openProblemsOf(told).map(({ id }) => id) };
}

it('a folder that cannot be followed is compared once a minute, until it can', async () => {
  const { watched, scheduler, system, openIds } = watchWhilePossible();
  system.isPossible = false;
  for (let minute = 1; minute <= 3; minute++) {
    await watched.follow();
    expect(watched.isFollowed).toBe(false);
    expect(openIds()).toEqual(['watch']);
    scheduler.advance(MINUTE_MS - 1);
    expect(system.compared).toBe(minute - 1);
    scheduler.advance(1);
    expect(system.compared).toBe(minute);
  }
  system.isPossible = true;
  await watched.follow();
  expect(watched.isFollowed).toBe(true);
  expect(openIds()).toEqual([]);
  scheduler.advance(10 * MINUTE_MS);
  expect(system.compared).toBe(3);
});

it('a folder that cannot be followed any more is let go of, and compared', async () => {
  const { watched, scheduler, system, openIds } = watchWhilePossible();
  await watched.follow();
  system.events[0]?.onFailed(new Error('the limit of watches is reached'));
  expect(watched.isFollowed).toBe(false);
  expect(openIds()).toEqual(['watch']);
  scheduler.advance(MINUTE_MS);
  expect(system.compared).toBe(1);
});

it('a watch that may have missed something is begun anew with the comparison', async () => {
  const { watched, system, openIds } = watchWhilePossible();
  await watched.follow();
  system.events[0]?.onOverflow(new Error('there were too many'));
  expect([watched.isFollowed, system.compared]).toEqual([false, 1]);
  await watched.follow();
  expect([watched.isFollowed, system.events.length]).toEqual([true, 2]);
  expect(openIds()).toEqual([]);
});

it('a folder that is let go of is compared no more', async () => {
  const { watched, scheduler, system } = watchWhilePossible();
  system.isPossible = false;
  await watched.follow();
  watched.letGo();
  scheduler.advance(10 * MINUTE_MS);
  expect(system.compared).toBe(0);
});

it.each([
  ['fails', 'onFailed', ['watch'], 0],
  ['may have missed something', 'onOverflow', [], 1],
] as const)('a watch that %s while it begins is let go of once it has begun', async (_name, event, ids, compared) => {
  const { watched, system, openIds } = watchWhilePossible();
  const walk = Promise.withResolvers<void>();
  system.walk = walk.promise;
  const followed = watched.follow();
  system.events[0]?.[event](new Error('the limit of watches is reached'));
  walk.resolve();
  await followed;
  expect([watched.isFollowed, system.following, system.compared]).toEqual([false, 0, compared]);
  expect(openIds()).toEqual(ids);
});

it('of two watches that are begun at once only the later one is kept, whichever has begun first', async () => {
  const { watched, system, openIds } = watchWhilePossible();
  const walk = Promise.withResolvers<void>();
  system.walk = walk.promise;
  const earlier = watched.follow();
  system.walk = Promise.resolve();
  await watched.follow();
  expect(system.following).toBe(1);
  walk.resolve();
  await earlier;
  expect([watched.isFollowed, system.following]).toEqual([true, 1]);
  // What is followed no more matters no more.
  system.events[0]?.onFailed(new Error('the limit of watches is reached'));
  expect([watched.isFollowed, openIds()]).toEqual([true, []]);
  system.events[1]?.onFailed(new Error('the limit of watches is reached'));
  expect([watched.isFollowed, system.following, openIds()]).toEqual([false, 0, ['watch']]);
});

it.each(['letGo', 'dispose'] as const)('a watch that has begun after %s is disposed', async (end) => {
  const { watched, system } = watchWhilePossible();
  const walk = Promise.withResolvers<void>();
  system.walk = walk.promise;
  const followed = watched.follow();
  watched[end]();
  walk.resolve();
  await followed;
  expect([watched.isFollowed, system.following]).toEqual([false, 0]);
});
