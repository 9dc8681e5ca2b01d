import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { follow } from './testing/followed-folder.ts';
import { TestFolder } from './testing/mirror-under-test.ts';

const BEFORE = Array.from({ length: 200 }, (_unused, line) => `line ${line}\n`).join('');
const SAVED = BEFORE.replace('line 50\n', 'line 50 saved\n');
const HALF = SAVED.length / 2;

/** With what somebody typed at the beginning of the room's text. */
async function followed() {
  const test = await follow(await TestFolder.create({ 'a.txt': BEFORE }));
  const fileId = test.files.idOf('a.txt');
  return {
    ...test,
    fileId,
    get openProblems() {
      return test.openProblems;
    },
    type: (text: string) => test.files.applyEdits(fileId, [{ offset: 0, deleteLength: 0, insert: text }]),
    untilInStep: async (text: string) => {
      await expect.poll(() => test.textOf('a.txt'), { timeout: 10_000 }).toBe(text);
      await expect.poll(() => test.folder.read('a.txt'), { timeout: 10_000 }).toBe(text);
    },
  };
}

describe('a file that is emptied and written in pieces', () => {
  // Shorter and longer than a pause in the room after which its text is written, and than what counts as rest.
  it.each([20, 150, 400, 800])('with pauses of %i ms loses nothing, nor what the room types', async (pauseMs) => {
    const test = await followed();
    const lengths: number[] = [];
    const texts = test.files.onDidChangeText(() => lengths.push(test.files.contents['a.txt']?.length ?? 0));
    const file = await open(test.folder.at('a.txt'), 'w');
    await sleep(pauseMs);
    test.type('typed\n');
    await file.write(SAVED.slice(0, HALF));
    await sleep(pauseMs);
    await file.write(SAVED.slice(HALF));
    await file.close();
    await test.untilInStep(`typed\n${SAVED}`);
    texts.dispose();
    // Nobody saw less meanwhile.
    expect(Math.min(...lengths)).toBeGreaterThan(BEFORE.length);
    expect(Object.keys(await test.folder.contents())).toEqual(['a.txt']);
  });
});

describe('a file that a program keeps open', () => {
  it('gets its lines into the room also after the room has replaced it', async () => {
    const test = await followed();
    const file = await open(test.folder.at('a.txt'), 'a');
    let lines = '';
    for (let line = 0; line < 8; line++) {
      await file.write(`log ${line}\n`);
      lines += `log ${line}\n`;
      if (line === 2) test.type('typed\n');
      await sleep(400);
    }
    await file.close();
    await test.untilInStep(`typed\n${BEFORE}${lines}`);
  });

  it('gets the rest of a save into the room that came after the room had replaced what there was of it', async () => {
    const test = await followed();
    const file = await open(test.folder.at('a.txt'), 'w');
    await file.write(SAVED.slice(0, HALF));
    // It has rested for so long that it counts.
    await test.untilInStep(SAVED.slice(0, HALF));
    test.type('typed\n');
    await test.untilInStep(`typed\n${SAVED.slice(0, HALF)}`);
    await file.write(SAVED.slice(HALF));
    await file.close();
    await test.untilInStep(`typed\n${SAVED}`);
  });

  it('keeps beside it what was written after the room had replaced and then removed it', async () => {
    const test = await followed();
    const file = await open(test.folder.at('a.txt'), 'a');
    test.type('typed\n');
    await test.untilInStep(`typed\n${BEFORE}`);
    test.files.remove([test.fileId]);
    await file.write('late\n');
    await file.close();
    await test.until(() => test.openProblems.length > 0);
    expect(test.openProblems).toMatchObject([{ severity: 'warning', path: 'a.txt' }]);
    const [[path, content] = []] = Object.entries(await test.folder.contents());
    expect(path).toMatch(/^a\.txt\.local-/);
    expect(content).toBe(`${BEFORE}late\n`);
    expect(test.openProblems[0]?.detail).toContain(path);
  });

  it('loses nothing that was written just before the folder is let go', async () => {
    const test = await followed();
    const file = await open(test.folder.at('a.txt'), 'a');
    test.type('typed\n');
    await test.untilInStep(`typed\n${BEFORE}`);
    await file.write('late\n');
    await file.close();
    await test.mirror.flush();
    expect(test.textOf('a.txt')).toBe(`typed\n${BEFORE}late\n`);
    expect(await test.folder.read('a.txt')).toBe(`typed\n${BEFORE}late\n`);
  });

  it('keeps half of a save beside it when the folder is let go, and takes it for no deletion', async () => {
    const test = await followed();
    const file = await open(test.folder.at('a.txt'), 'r+');
    test.type('typed\n');
    await test.untilInStep(`typed\n${BEFORE}`);
    await file.truncate(HALF);
    await test.mirror.flush();
    await file.close();
    expect(test.textOf('a.txt')).toBe(`typed\n${BEFORE}`);
    const beside = Object.entries(await test.folder.contents()).filter(([path]) => path.includes('.local-'));
    expect(beside.map(([, content]) => content)).toEqual([BEFORE.slice(0, HALF)]);
  });
});
