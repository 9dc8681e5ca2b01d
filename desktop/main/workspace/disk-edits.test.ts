import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { BaseIndex } from './base-index.ts';
import { DiskEdits } from './disk-edits.ts';
import { DiskRest } from './disk-rest.ts';
import { MergeThread } from './merge-thread.ts';
import { MemoryMirrorBases, MemorySharedFiles } from './testing/memory-shared-files.ts';
import { hashBytes } from './text-format.ts';

const LINES = Array.from({ length: 20 }, (_unused, line) => `line ${line}\n`).join('');
const OTHERS = 'what others typed\n';
const format = { eol: 'LF', bom: false } as const;

/** A text that was deleted on disk while others typed at its end, and that was written again with that. */
function restored() {
  const scheduler = new ManualScheduler();
  const files = new MemorySharedFiles();
  const bases = new BaseIndex(new MemoryMirrorBases());
  const merges = new MergeThread(scheduler);
  onTestFinished(() => merges.dispose());
  const rest = new DiskRest(scheduler, () => undefined);
  onTestFinished(() => rest.dispose());
  const edits = new DiskEdits({ files, bases, merges, rest });
  const fileId = files.create('a.txt', LINES + OTHERS);
  const write = (text: string) => bases.set(fileId, { path: 'a.txt', hash: hashBytes(Buffer.from(text)), text });
  write(LINES + OTHERS);
  rest.restored.add(fileId, LINES);
  const take = (text: string) => {
    const [file] = files.files;
    if (!file) throw new Error('it is listed no more');
    const bytes = Buffer.from(text);
    return edits.take(file, { kind: 'text', text, format, hash: hashBytes(bytes), sizeBytes: bytes.length });
  };
  const save = async (text: string) => {
    expect(await take(text)).toBe('done');
    return files.readText(fileId);
  };
  return { scheduler, files, rest, fileId, write, take, save };
}

it('a text that is made anew from what it was when it was deleted keeps what others did meanwhile', async () => {
  const { save } = restored();
  expect(await save(`${LINES}own\n`)).toBe(`${LINES}${OTHERS}own\n`);
});

it('a text that is made anew as it was keeps what others did meanwhile', async () => {
  const { save } = restored();
  expect(await save(LINES)).toBe(LINES + OTHERS);
});

it('a program that made a text anew may save it once more without having read it', async () => {
  const { save, write } = restored();
  write(await save(`${LINES}own\n`));
  expect(await save(`${LINES}own\nand more\n`)).toBe(`${LINES}${OTHERS}own\nand more\n`);
});

it('a text that was edited as it was written again has each edit once', async () => {
  const { save } = restored();
  const edited = `${LINES.replace('line 3\n', 'line three\n')}${OTHERS}own\n`;
  expect(await save(edited)).toBe(edited);
});

it('what others do after it was written again is kept, too', async () => {
  const { files, fileId, save } = restored();
  files.insert(fileId, 0, 'typed later\n');
  expect(await save(`${LINES}own\n`)).toBe(`typed later\n${LINES}${OTHERS}own\n`);
});

it('what is deleted on disk later than 5 s after it was written again is deleted', async () => {
  const { scheduler, save, write } = restored();
  scheduler.advance(4_999);
  const made = await save(LINES);
  expect(made).toBe(LINES + OTHERS);
  write(made);
  scheduler.advance(1);
  expect(await save(`${LINES}own\n`)).toBe(`${LINES}own\n`);
});

it('a text that is deleted and made anew again and again by a program that has not read it keeps what others did', async () => {
  const { files, rest, fileId, write, save } = restored();
  // It was deleted once more before what it was made anew with was looked at.
  files.insert(fileId, 0, 'typed later\n');
  rest.restored.add(fileId, LINES + OTHERS);
  write(`typed later\n${LINES}${OTHERS}`);
  expect(await save(`${LINES}own\nmore of it\n`)).toBe(`typed later\n${LINES}${OTHERS}own\nmore of it\n`);
});

it('tells when others had written all or some of what was written on disk', async () => {
  const { scheduler, files, fileId, write, take } = restored();
  scheduler.advance(5_000);
  const before = LINES + OTHERS;
  for (const [others, own, told] of [
    ['', OTHERS, 'done'],
    [OTHERS, OTHERS, 'known'],
    [OTHERS, `${OTHERS}what only this device has\n`, 'known'],
  ] as const) {
    write(before);
    const deleteLength = files.readText(fileId).length;
    files.applyEdits(fileId, [{ offset: 0, deleteLength, insert: before + others }]);
    expect(await take(before + own)).toBe(told);
    expect(files.readText(fileId)).toBe(before + own);
  }
});
