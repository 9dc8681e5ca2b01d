import { expect, it, onTestFinished } from 'vitest';
import { setUnexpectedErrorHandler } from '../../../shared/lifecycle/index.ts';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { FolderMirror } from './folder-mirror.ts';
import type { FolderWatchEvents, WatchFolder } from './folder-watch.ts';
import { MirrorTasks } from './mirror-tasks.ts';
import { ProblemBoard } from './problem-board.ts';
import type { MirrorProblem } from './shared-files.ts';
import { MemoryMirrorBases, MemorySharedFiles } from './testing/memory-shared-files.ts';
import { openProblemsOf, TestFolder } from './testing/mirror-under-test.ts';

const BEHIND_MS = 20_000;
const MINUTE_MS = 60_000;

async function createTasks() {
  const folder = await TestFolder.create();
  const scheduler = new ManualScheduler();
  const told: MirrorProblem[] = [];
  const seen = { ended: 0, failed: 0 };
  const tasks = new MirrorTasks({
    folder: folder.path,
    scheduler,
    problems: new ProblemBoard((problem) => told.push(problem)),
    onEnd: async () => void seen.ended++,
    onFailed: () => seen.failed++,
  });
  onTestFinished(() => tasks.dispose());
  return { tasks, scheduler, seen, openIds: () => openProblemsOf(told).map(({ id }) => id) };
}

function catchUnexpected(): unknown[] {
  const errors: unknown[] = [];
  setUnexpectedErrorHandler((error) => errors.push(error));
  onTestFinished(() => setUnexpectedErrorHandler());
  return errors;
}

it('work that goes on for long is told, until all of it has ended', async () => {
  const { tasks, scheduler, openIds } = await createTasks();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const firstDone = tasks.run(() => first.promise);
  const secondDone = tasks.run(() => second.promise);
  scheduler.advance(BEHIND_MS - 1);
  expect(openIds()).toEqual([]);
  scheduler.advance(1);
  expect(openIds()).toEqual(['behind']);
  first.resolve();
  await firstDone;
  expect(openIds()).toEqual(['behind']);
  second.resolve();
  await secondDone;
  expect(openIds()).toEqual([]);
});

it('work that ends soon is not told, however much there is of it', async () => {
  const { tasks, scheduler, openIds } = await createTasks();
  for (let turn = 0; turn < 3; turn++) {
    await tasks.run(async () => {});
    scheduler.advance(BEHIND_MS);
  }
  expect(openIds()).toEqual([]);
});

it('a task that fails unexpectedly is told, and those behind it run', async () => {
  const errors = catchUnexpected();
  const { tasks, seen } = await createTasks();
  const failure = new Error('nobody reckoned with this');
  tasks.enqueue(() => Promise.reject(failure));
  await tasks.run(async () => {});
  await tasks.whenIdle();
  expect(errors).toEqual([failure]);
  expect(seen).toEqual({ ended: 2, failed: 1 });
});

it('what a task that failed unexpectedly has left undone is done after a minute', async () => {
  const errors = catchUnexpected();
  const folder = await TestFolder.create({ 'a.txt': 'one\n' });
  const [files, scheduler] = [new MemorySharedFiles(), new ManualScheduler()];
  let events: FolderWatchEvents | undefined;
  const watch: WatchFolder = async (_root, given) => {
    events = given;
    return { ended: Promise.resolve(), dispose: () => {} };
  };
  const means = { folder: folder.path, files, bases: new MemoryMirrorBases(), scheduler, watch };
  const mirror = new FolderMirror({ ...means, onProblem: () => {} });
  onTestFinished(() => mirror.dispose());
  await mirror.start();
  files.beforeCreate = () => {
    throw new Error('nobody reckoned with this');
  };
  await folder.write('b.txt', 'two\n');
  events?.onPaths(['b.txt']);
  await mirror.flush();
  expect(errors).toHaveLength(1);
  expect(files.contents).toEqual({ 'a.txt': 'one\n' });
  scheduler.advance(MINUTE_MS);
  await mirror.flush();
  expect(files.contents).toEqual({ 'a.txt': 'one\n', 'b.txt': 'two\n' });
});
