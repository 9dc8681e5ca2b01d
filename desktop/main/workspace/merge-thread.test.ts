import { expect, it, onTestFinished } from 'vitest';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { createSeededRandom } from '../../../shared/testing/seeded-random.ts';
import { applyTextEdits } from '../../../shared/workspace/index.ts';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { MergeThread } from './merge-thread.ts';

const LARGE = 120_000;

function createThread(scheduler = systemScheduler): MergeThread {
  const thread = new MergeThread(scheduler);
  onTestFinished(() => thread.dispose());
  return thread;
}

/** A text of lines that have nothing in common with those of another seed. */
function randomText(seed: number, length: number): string {
  const random = createSeededRandom(seed);
  let text = '';
  while (text.length < length) text += `${random.below(1e9).toString(36)} ${random.below(1e9).toString(36)}\n`;
  return text;
}

/** Resolves to the longest time in which nothing else had its turn while a task ran. */
async function longestTurn(task: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let lastMs = performance.now();
  const beat = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - lastMs);
    lastMs = performance.now();
  }, 1);
  await task();
  longestMs = Math.max(longestMs, performance.now() - lastMs);
  clearInterval(beat);
  return longestMs;
}

it('compares a rewritten file of 120 KB while others have their turns', async () => {
  const thread = createThread();
  const [base, text] = [randomText(1, LARGE), randomText(2, LARGE)];
  const edits: { offset: number; deleteLength: number; insert: string }[] = [];
  const longestMs = await longestTurn(async () => edits.push(...(await thread.compare(base, text))));
  expect(applyTextEdits(base, edits)).toBe(text);
  // Comparing them at once takes the whole deadline of 500 ms.
  expect(longestMs).toBeLessThan(250);
});

it('answers many at a time, each with its own edits, and small ones without the thread', async () => {
  const thread = createThread();
  const pairs = Array.from({ length: 20 }, (_unused, seed) => [
    randomText(seed, 5_000),
    randomText(seed, 5_000).replaceAll('a', 'A'),
  ]);
  pairs.push(['one\ntwo\n', 'one\n2\n']);
  const edits = await Promise.all(pairs.map(([base = '', text = '']) => thread.compare(base, text)));
  expect(pairs.map(([base = ''], pair) => applyTextEdits(base, edits[pair] ?? []))).toEqual(
    pairs.map(([, text]) => text),
  );
});

it('finds edits all the same when it is ended in between, and after it was ended for having nothing to do', async () => {
  const scheduler = new ManualScheduler();
  const thread = createThread(scheduler);
  const [base, text] = [randomText(3, 20_000), randomText(4, 20_000)];
  expect(applyTextEdits(base, await thread.compare(base, text))).toBe(text);
  scheduler.advance(10_000);
  const asked = thread.compare(text, base);
  thread.dispose();
  expect(applyTextEdits(text, await asked)).toBe(base);
});
