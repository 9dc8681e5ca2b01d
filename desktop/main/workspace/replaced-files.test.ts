import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { type FindOpenElsewhere, findOpenElsewhere } from './open-elsewhere.ts';
import { type LateTaker, ReplacedFiles } from './replaced-files.ts';
import { TestFolder } from './testing/mirror-under-test.ts';

const LOOK_MS = 500;
const MIB = 1024 * 1024;

/** Programs of which the system tells everything: they have none of the files open, or all. */
const NONE_OPEN: FindOpenElsewhere = async () => ({ open: new Set(), isComplete: true });
const ALL_OPEN: FindOpenElsewhere = async (keys) => ({ open: keys, isComplete: true });
/** The system does not tell. */
const NOT_TOLD: FindOpenElsewhere = async () => ({ open: new Set(), isComplete: false });

/** Files that are replaced, and a program that has them open. */
async function start(findOpen = NONE_OPEN) {
  const scheduler = new ManualScheduler();
  const folder = await TestFolder.create();
  const told = {
    due: 0,
    lost: [] as string[],
    reasons: new Set<string>(),
    taken: [] as (readonly [path: string, text: string])[],
    final: 0,
  };
  const replaced = new ReplacedFiles(scheduler, () => told.due++, findOpen);
  onTestFinished(() => replaced.dispose());
  const taker: LateTaker = {
    take: async ({ path }, content) => {
      told.taken.push([path, Buffer.from(await content.read()).toString()]);
      if (content.isFinal) told.final++;
      return true;
    },
    tellLost: ({ path }, reason) => {
      told.lost.push(path);
      told.reasons.add(reason);
    },
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

it('closes what nobody has open a minute after the last change', async () => {
  const { scheduler, replaced, told, taker, replace, advance } = await start();
  const program = await replace('a.txt', 'a');
  await advance(59_500);
  await program.appendFile('late');
  await advance(2_000);
  await replaced.take(taker);
  expect(told.taken).toEqual([['a.txt', 'late']]);
  await advance(57_500);
  scheduler.advance(5_000);
  await replaced.take(taker);
  expect(scheduler.pendingCount).toBe(0);
  await program.appendFile('later');
  await replaced.take(taker, { isLast: true });
  expect(told.taken.length).toBe(1);
});

it('keeps what may be open for 15 minutes after the last change where the system does not tell', async () => {
  const { scheduler, replaced, told, taker, replace, advance } = await start(NOT_TOLD);
  const program = await replace('a.txt', 'a');
  await advance(895_000);
  await program.appendFile('late');
  await advance(10_000);
  await replaced.take(taker);
  expect(told.taken).toEqual([['a.txt', 'late']]);
  await advance(885_000);
  scheduler.advance(10_000);
  await replaced.take(taker);
  expect(scheduler.pendingCount).toBe(0);
});

it.runIf(process.platform === 'linux')('keeps what another program has open as long as that has it open', async () => {
  const { scheduler, told, taker, replaced, replace, advance } = await start(findOpenElsewhere);
  const file = await replace('a.txt', 'a');
  const program = spawn('sleep', ['1000'], { stdio: ['ignore', 'ignore', 'ignore', file.fd] });
  onTestFinished(() => void program.kill());
  await once(program, 'spawn');
  for (let minute = 0; minute < 30; minute++) await advance(60_000);
  await file.appendFile('late');
  await advance(7_000);
  await replaced.take(taker);
  expect(told.taken).toEqual([['a.txt', 'late']]);
  program.kill();
  await once(program, 'close');
  for (let minute = 0; minute < 7 && scheduler.pendingCount > 0; minute++) {
    scheduler.advance(60_000);
    await replaced.take(taker);
  }
  expect(scheduler.pendingCount).toBe(0);
});

it('looks ever more seldom at what nobody writes to, and seldom asks who has it open', async () => {
  const looks = { count: 0, asked: 0 };
  const { scheduler, replace, replaced, taker } = await start(async (keys) => {
    looks.asked++;
    return ALL_OPEN(keys);
  });
  for (let file = 0; file < 20; file++) await replace(`${file}.txt`, 'a');
  for (let passedMs = 0; passedMs < 3_600_000; passedMs += LOOK_MS) {
    const before = scheduler.pendingCount;
    scheduler.advance(LOOK_MS);
    if (scheduler.pendingCount < before) looks.count++;
    await replaced.take(taker);
  }
  expect(looks.count).toBeLessThan(800);
  expect(looks.asked).toBeLessThan(30);
});

it('lets those go first that nobody has open, and asks once for very many', async () => {
  let asked = 0;
  const firstKeys = new Set<string>();
  const { told, taker, replaced, replace } = await start(async (keys) => {
    asked++;
    if (firstKeys.size === 0) for (const key of [...keys].slice(0, 5)) firstKeys.add(key);
    return { open: firstKeys, isComplete: true };
  });
  const programs: FileHandle[] = [];
  for (let file = 0; file < 600; file++) {
    const program = await replace(`${file}.txt`, 'a');
    if (file < 5) programs.push(program);
    else await program.close();
  }
  expect(asked).toBeLessThanOrEqual(2);
  for (const program of programs) await program.appendFile('late');
  await replaced.take(taker, { isLast: true });
  expect(told.taken.map(([path]) => path)).toEqual(programs.map((_unused, file) => `${file}.txt`));
  expect(told.lost).toEqual([]);
});

it('where the system does not tell, lets what lay in its place for the shortest time go first', async () => {
  const { scheduler, told, taker, replaced, replace } = await start(NOT_TOLD);
  scheduler.jumpClock(60_000);
  const first = await replace('first.txt', 'a'.repeat(12 * MIB));
  scheduler.jumpClock(-60_000);
  const second = await replace('second.txt', 'b'.repeat(12 * MIB));
  await replace('third.txt', 'c'.repeat(12 * MIB));
  for (const program of [first, second]) await program.truncate(1);
  await replaced.take(taker, { isLast: true });
  expect([told.taken, told.lost]).toEqual([[['first.txt', 'a']], []]);
});

it('tells when it follows a file no longer that a program has open', async () => {
  const { told, taker, replaced, replace } = await start(ALL_OPEN);
  for (let file = 0; file < 258; file++) await replace(`${file}.txt`, 'a');
  expect(told.due).toBeGreaterThan(0);
  await replaced.take(taker);
  await replaced.take(taker);
  expect([told.lost, [...told.reasons]]).toEqual([['0.txt', '1.txt'], ['too-many']]);
});

it('takes what was written to the first of very many files before that one is let go', async () => {
  const { told, taker, replaced, replace } = await start();
  const first = await replace('first.txt', 'a');
  await first.appendFile('late');
  for (let file = 0; file < 300; file++) await replace(`${file}.txt`, 'a');
  await replaced.take(taker, { isLast: true });
  expect(told.taken).toEqual([['first.txt', 'late']]);
});

it('takes what was written to a long text before others make it go', async () => {
  const { told, taker, replaced, replace } = await start();
  const first = await replace('first.txt', 'a'.repeat(20 * MIB));
  await first.truncate(1);
  expect(told.due).toBe(0);
  const second = await replace('second.txt', 'b'.repeat(20 * MIB));
  await second.truncate(2);
  expect(told.due).toBe(1);
  await replaced.take(taker);
  expect([told.taken, told.final]).toEqual([[['first.txt', 'a']], 1]);
  await replaced.take(taker, { isLast: true });
  expect(told.taken.slice(1)).toEqual([['second.txt', 'bb']]);
});

it('tells of files that were written to and are too many to be kept', async () => {
  const { told, taker, replaced, replace } = await start();
  for (let file = 0; file < 514; file++) await (await replace(`${file}.txt`, 'a')).appendFile('late');
  expect(told.due).toBeGreaterThan(0);
  await replaced.take(taker);
  expect(told.lost).toEqual(['0.txt', '1.txt']);
  await replaced.take(taker, { isLast: true });
  expect(told.taken.map(([path]) => path)).toEqual(Array.from({ length: 512 }, (_unused, file) => `${file + 2}.txt`));
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
