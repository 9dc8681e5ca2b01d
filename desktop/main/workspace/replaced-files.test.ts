import { type FileHandle, open, rename } from 'node:fs/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { type LateTaker, ReplacedFiles } from './replaced-files.ts';
import { TestFolder } from './testing/mirror-under-test.ts';

const LOOK_MS = 500;
const MIB = 1024 * 1024;

/** Files that are replaced, and a program that has them open. */
async function start() {
  const scheduler = new ManualScheduler();
  const folder = await TestFolder.create();
  const told = { due: 0, lost: [] as string[], taken: [] as (readonly [path: string, text: string])[], final: 0 };
  const replaced = new ReplacedFiles(scheduler, () => told.due++);
  onTestFinished(() => replaced.dispose());
  const taker: LateTaker = {
    take: async ({ path }, content) => {
      told.taken.push([path, Buffer.from(await content.read()).toString()]);
      if (content.isFinal) told.final++;
      return true;
    },
    tellLost: ({ path }) => told.lost.push(path),
  };
  /** Resolves to the file as the program has it. */
  const replace = async (path: string, text: string): Promise<FileHandle> => {
    await folder.write(path, text);
    const program = await open(folder.at(path), 'r+');
    onTestFinished(() => program.close());
    await folder.write('new', 'new');
    const move = async () => {
      await rename(folder.at('new'), folder.at(path));
      return true;
    };
    expect(await replaced.keep(folder.at(path), { fileId: path, path, text }, move)).toBe(true);
    return program;
  };
  /** Lets time pass, look by look. */
  const advance = async (ms: number) => {
    for (let passedMs = 0; passedMs < ms; passedMs += LOOK_MS) {
      scheduler.advance(LOOK_MS);
      await vi.waitFor(() => expect(scheduler.pendingCount).toBe(1), { interval: 1 });
    }
  };
  return { scheduler, replaced, told, taker, replace, advance };
}

it('gives what was written to a replaced file once, when nothing more was for a moment', async () => {
  const { told, taker, replaced, replace, advance } = await start();
  const program = await replace('a.txt', 'a');
  await program.appendFile('late');
  await advance(1_000);
  await replaced.take(taker);
  expect([told.due, told.taken]).toEqual([0, []]);
  await advance(500);
  expect(told.due).toBe(1);
  await replaced.take(taker);
  await replaced.take(taker, { isLast: true });
  expect(told.taken).toEqual([['a.txt', 'late']]);
});

it('looks that overlap do not make a file that is being written look like one at rest', async () => {
  const { scheduler, told, taker, replaced, replace, advance } = await start();
  const program = await replace('a.txt', 'a');
  await program.appendFile('late');
  await advance(500);
  const again: LateTaker = { ...taker, take: async () => false };
  scheduler.advance(LOOK_MS);
  await Promise.all([replaced.take(again, { isLast: true }), replaced.take(again, { isLast: true })]);
  await replaced.take(taker);
  expect([told.due, told.taken]).toEqual([0, []]);
});

it('gives a file that is written without end after 5 s, up to the size that it has then', async () => {
  const { told, taker, replaced, replace, advance } = await start();
  const program = await replace('a.txt', 'a');
  for (let waitedMs = 0; waitedMs < 6_000; waitedMs += LOOK_MS) {
    await program.appendFile('.');
    await advance(LOOK_MS);
    if (waitedMs < 4_500) expect(told.due).toBe(0);
  }
  expect(told.due).toBeGreaterThan(0);
  let reads = 0;
  await replaced.take({
    ...taker,
    take: async (_file, content) => {
      for await (const chunk of content.chunks()) {
        await program.appendFile(chunk);
        if (++reads > 10) throw new Error('this has no end');
      }
      return true;
    },
  });
  expect(reads).toBe(1);
});

it('reads a file that is written without end the later again, the larger it has become', async () => {
  const { told, taker, replaced, replace, advance } = await start();
  const program = await replace('a.txt', 'a');
  await program.truncate(16 * MIB);
  await advance(1_500);
  await replaced.take(taker);
  expect(told.taken.length).toBe(1);
  for (let waitedMs = 0; waitedMs < 16_000; waitedMs += LOOK_MS) {
    await program.appendFile('.');
    await replaced.take(taker);
    expect(told.taken.length).toBe(1);
    await advance(LOOK_MS);
  }
  await advance(LOOK_MS);
  await replaced.take(taker);
  expect(told.taken.length).toBe(2);
});

it('closes what nobody has written to for 5 s', async () => {
  const { scheduler, replaced, told, taker, replace } = await start();
  const program = await replace('a.txt', 'a');
  for (let waitedMs = 0; waitedMs < 5_000; waitedMs += LOOK_MS) {
    scheduler.advance(LOOK_MS);
    await replaced.take(taker);
  }
  expect(scheduler.pendingCount).toBe(0);
  await program.appendFile('late');
  await replaced.take(taker, { isLast: true });
  expect(told.taken).toEqual([]);
});

it('takes what was written to the first of very many files before that one is let go', async () => {
  const { told, taker, replaced, replace } = await start();
  const first = await replace('first.txt', 'a');
  await first.appendFile('late');
  for (let file = 0; file < 70; file++) await replace(`${file}.txt`, 'a');
  await replaced.take(taker, { isLast: true });
  expect(told.taken).toEqual([['first.txt', 'late']]);
});

it('takes what was written to a long text before others make it go', async () => {
  const { told, taker, replaced, replace } = await start();
  const first = await replace('first.txt', 'a'.repeat(15 * MIB));
  await first.truncate(1);
  expect(told.due).toBe(0);
  const second = await replace('second.txt', 'b'.repeat(15 * MIB));
  await second.truncate(2);
  expect(told.due).toBe(1);
  await replaced.take(taker);
  expect([told.taken, told.final]).toEqual([[['first.txt', 'a']], 1]);
  await replaced.take(taker, { isLast: true });
  expect(told.taken.slice(1)).toEqual([['second.txt', 'bb']]);
});

it('tells of files that were written to and are too many to be kept', async () => {
  const { told, taker, replaced, replace } = await start();
  for (let file = 0; file < 130; file++) await (await replace(`${file}.txt`, 'a')).appendFile('late');
  expect(told.due).toBeGreaterThan(0);
  await replaced.take(taker);
  expect(told.lost).toEqual(['0.txt', '1.txt']);
  await replaced.take(taker, { isLast: true });
  expect(told.taken.map(([path]) => path)).toEqual(Array.from({ length: 128 }, (_unused, file) => `${file + 2}.txt`));
});

it('gives again later what could not be taken, and the others meanwhile', async () => {
  const { told, taker, replaced, replace, advance } = await start();
  const [first, second] = [await replace('first.txt', 'a'), await replace('second.txt', 'a')];
  await first.appendFile('late');
  await second.appendFile('late');
  await advance(1_500);
  const failing: LateTaker = {
    ...taker,
    take: async (file, content) => {
      if (file.path === 'first.txt') throw new Error('the disk is full');
      return taker.take(file, content);
    },
  };
  await expect(replaced.take(failing)).rejects.toThrow('the disk is full');
  expect(told.taken).toEqual([['second.txt', 'late']]);
  await advance(500);
  await replaced.take(taker);
  expect(told.taken).toEqual([
    ['second.txt', 'late'],
    ['first.txt', 'late'],
  ]);
});
