import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { DiskAct } from './disk-act.ts';
import { NotedActs } from './testing/noted-acts.ts';

async function create() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tutti-act-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const scheduler = new ManualScheduler();
  const ledger = new NotedActs();
  const state = { hasNoticed: false, isUnsure: false, isHalted: false };
  let tasks = Promise.resolve();
  const act = new DiskAct({
    folder,
    ledger,
    scheduler,
    hasNoticed: () => state.hasNoticed,
    isUnsure: () => state.isUnsure,
    isHalted: () => state.isHalted,
    enqueue: (task) => void (tasks = tasks.then(task)),
  });
  onTestFinished(() => act.dispose());
  /** So many files were changed, in a batch that was taken now. */
  const take = (files: number) => {
    act.notice();
    ledger.changedFiles += files;
    act.finishBatch();
  };
  const wait = async (ms: number) => {
    scheduler.advance(ms);
    await tasks;
  };
  return { act, ledger, state, take, wait };
}

it('ends when no further file has changed for half a second', async () => {
  const { act, ledger, take, wait } = await create();
  take(15);
  await wait(499);
  take(15);
  await wait(499);
  expect({ labels: ledger.labels, isOpen: act.isOpen }).toEqual({ labels: [], isOpen: true });
  await wait(1);
  expect({ labels: ledger.labels, isOpen: act.isOpen }).toEqual({
    labels: ['Changed 30 files on disk'],
    isOpen: false,
  });
});

it('ends while what changes no further file is noticed again and again, as the writing of what somebody types', async () => {
  const { ledger, state, take, wait } = await create();
  take(30);
  for (let echo = 0; echo < 2; echo++) {
    state.hasNoticed = true;
    await wait(300);
    // The next one is noticed before this one was taken.
    take(0);
  }
  await wait(0);
  expect(ledger.labels).toEqual(['Changed 30 files on disk']);
  take(25);
  await wait(600);
  take(0);
  await wait(0);
  expect(ledger.labels).toEqual(['Changed 30 files on disk', 'Changed 25 files on disk']);
});

it('waits for what is not known yet, but not for ever', async () => {
  const { ledger, state, take, wait } = await create();
  state.isUnsure = true;
  take(30);
  await wait(9_999);
  take(0);
  await wait(0);
  expect(ledger.labels).toEqual([]);
  await wait(1);
  take(0);
  await wait(0);
  expect(ledger.labels).toEqual(['Changed 30 files on disk']);
});

it('leaves the rest of an act to the next mirror when it is halted', async () => {
  const { ledger, state, take, wait } = await create();
  take(30);
  state.isHalted = true;
  await wait(600);
  expect(ledger).toMatchObject({ labels: [], changedFiles: 30 });
});
