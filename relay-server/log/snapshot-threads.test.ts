import * as Y from 'yjs';
import { expect, it, onTestFinished } from 'vitest';
import { systemScheduler } from '../../shared/lifecycle/index.ts';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { createTypist } from '../testing/raw-client.ts';
import { readSnapshotUpdate } from './snapshot-format.ts';
import { SnapshotThreads, type SnapshotThreadsOptions } from './snapshot-threads.ts';

// A thread has to load Yjs first, which takes a while on a busy machine.
const TIMEOUT_MS = 30_000;

function openThreads(options: Partial<SnapshotThreadsOptions> = {}): SnapshotThreads {
  const threads = new SnapshotThreads({ scheduler: systemScheduler, ...options });
  onTestFinished(() => threads.dispose());
  return threads;
}

async function* pagesOf(...pages: readonly (readonly Uint8Array[])[]): AsyncGenerator<readonly Uint8Array[]> {
  yield* pages;
}

function textOf(snapshot: Uint8Array): string {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, readSnapshotUpdate(snapshot));
  return doc.getText('content').toString();
}

function never(): AbortSignal {
  return new AbortController().signal;
}

it('makes snapshots one after the other, and at once', { timeout: TIMEOUT_MS }, async () => {
  const threads = openThreads();
  const typist = createTypist(1);
  const [one, two, three] = [typist.type('one '), typist.type('two '), typist.type('three')];
  const made = await Promise.all([
    threads.create(pagesOf([one], [two, three]), never()),
    threads.create(pagesOf([one]), never()),
  ]);
  expect(made.map(textOf)).toEqual(['one two three', 'one ']);
  expect(textOf(await threads.create(pagesOf([one, two]), never()))).toBe('one two ');
});

it('begins anew after what did not come to its end', { timeout: TIMEOUT_MS }, async () => {
  const threads = openThreads();
  async function* breaking(): AsyncGenerator<readonly Uint8Array[]> {
    yield [createTypist(1).type('of another document')];
    throw new Error('the log broke');
  }
  await expect(threads.create(breaking(), never())).rejects.toThrow('the log broke');
  expect(textOf(await threads.create(pagesOf([createTypist(2).type('mine')]), never()))).toBe('mine');
});

it('says which update cannot be applied, and goes on with others', { timeout: TIMEOUT_MS }, async () => {
  const threads = openThreads();
  const [good, bad] = [createTypist(1).type('good'), new Uint8Array([7, 7, 7])];
  const creation = threads.create(pagesOf([good, good], [good, bad, good]), never());
  await expect(creation).rejects.toMatchObject({ name: 'SnapshotFailure', partIndex: 3 });
  expect(textOf(await threads.create(pagesOf([good]), never()))).toBe('good');
});

it('gives a document no more memory than its limit, and goes on with others', { timeout: TIMEOUT_MS }, async () => {
  const doc = new Y.Doc();
  const text = doc.getText('content');
  // Each at its front: they cannot be joined, so each is an object of its own.
  doc.transact(() => {
    for (let count = 0; count < 200_000; count++) text.insert(0, 'x');
  });
  const threads = openThreads({ resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 2 } });
  await expect(threads.create(pagesOf([Y.encodeStateAsUpdate(doc)]), never())).rejects.toMatchObject({
    name: 'SnapshotFailure',
    message: 'It needs more than 24 MB of memory.',
  });
  expect(textOf(await threads.create(pagesOf([createTypist(1).type('small')]), never()))).toBe('small');
});

it('gives a document no more time than its limit, and goes on with others', { timeout: TIMEOUT_MS }, async () => {
  const scheduler = new ManualScheduler();
  const threads = openThreads({ scheduler, timeoutMs: 2_000 });
  async function* slow(): AsyncGenerator<readonly Uint8Array[]> {
    // Reading takes long; that is no fault of the document.
    scheduler.advance(60_000);
    yield [createTypist(1).type('slow')];
  }
  expect(textOf(await threads.create(slow(), never()))).toBe('slow');
  const creation = threads.create(pagesOf([createTypist(1).type('x')]), never());
  scheduler.advance(2_000);
  await expect(creation).rejects.toMatchObject({ name: 'SnapshotFailure', message: 'It took more than 2 s.' });
  expect(textOf(await threads.create(pagesOf([createTypist(1).type('quick')]), never()))).toBe('quick');
});

it(
  'ends a thread that is given up, and starts none for what is given up already',
  { timeout: TIMEOUT_MS },
  async () => {
    const threads = openThreads();
    const abort = new AbortController();
    const creation = threads.create(pagesOf([createTypist(1).type('x')]), abort.signal);
    abort.abort();
    await expect(creation).rejects.toThrow('given up');
    await expect(threads.create(pagesOf([]), AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  },
);
