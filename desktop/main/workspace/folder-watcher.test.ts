import { rename, rm } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { FolderMirror } from './folder-mirror.ts';
import type { MirrorProblem } from './shared-files.ts';
import { MemoryMirrorBases, MemorySharedFiles } from './testing/memory-shared-files.ts';
import { TestFolder } from './testing/mirror-under-test.ts';

/** A mirror on the real clock, following the real disk. */
async function follow(content: Readonly<Record<string, string>>) {
  const folder = await TestFolder.create(content);
  const files = new MemorySharedFiles();
  const problems: MirrorProblem[] = [];
  const reported = new Set<() => void>();
  const mirror = new FolderMirror({
    folder: folder.path,
    files,
    bases: new MemoryMirrorBases(),
    scheduler: systemScheduler,
    onProblem: (problem) => {
      problems.push(problem);
      for (const listener of reported) listener();
    },
  });
  onTestFinished(async () => {
    mirror.dispose();
    await mirror.whenIdle();
  });
  await mirror.start();
  /** Resolves as soon as an event of room or mirror makes it true. */
  const until = (isTrue: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!isTrue()) return;
        list.dispose();
        text.dispose();
        reported.delete(check);
        resolve();
      };
      const list = files.onDidChangeFiles(check);
      const text = files.onDidChangeText(check);
      reported.add(check);
      check();
    });
  return { folder, files, mirror, problems, until };
}

describe('a mirror that watches', () => {
  it('follows a folder that was moved away and back, by itself', async () => {
    const { folder, files, until, problems } = await follow({ 'a.txt': 'one\n' });
    const away = `${folder.path}-away`;
    await rename(folder.path, away);
    await until(() => problems.some(({ id, isResolved }) => id === 'folder' && !isResolved));
    await rename(away, folder.path);
    await until(() => problems.some(({ id, isResolved }) => id === 'folder' && isResolved === true));
    await folder.write('b.txt', 'two\n');
    await until(() => 'b.txt' in files.contents);
    expect(Object.keys(files.contents)).toEqual(['a.txt', 'b.txt']);
  });

  it('takes a folder that comes in the place of a file', async () => {
    const { folder, files, until } = await follow({ 'm.txt': 'one\n', 'other.txt': 'x\n' });
    await rm(folder.at('m.txt'));
    await folder.write('m.txt/index.txt', 'two\n');
    await until(() => 'm.txt/index.txt' in files.contents && !('m.txt' in files.contents));
    expect(Object.keys(files.contents)).toEqual(['m.txt/index.txt', 'other.txt']);
  });

  it('takes in a file whose name is in another Unicode form', async () => {
    const { folder, files, until } = await follow({ 'a.txt': 'one\n' });
    await folder.write('cafe\u0301/e\u0301.txt', 'two\n');
    await until(() => 'caf\u00e9/\u00e9.txt' in files.contents);
    expect(files.contents['caf\u00e9/\u00e9.txt']).toBe('two\n');
  });

  it('follows edits, new files, new folders, renames and deletions', async () => {
    const { folder, files, until, problems } = await follow({ 'a.txt': 'one\n', 'b.txt': 'two\n' });
    const id = files.idOf('a.txt');
    await folder.write('a.txt', 'one!\n');
    await until(() => files.readText(id) === 'one!\n');
    await folder.write('new/deep/c.txt', 'three\n');
    await until(() => 'new/deep/c.txt' in files.contents);
    await rename(folder.at('a.txt'), folder.at('new/a.txt'));
    await until(() => 'new/a.txt' in files.contents);
    expect(files.idOf('new/a.txt')).toBe(id);
    await rm(folder.at('new'), { recursive: true });
    await until(() => Object.keys(files.contents).join() === 'b.txt');
    expect(problems).toEqual([]);
  });

  it('follows a folder that is renamed, with its files', async () => {
    const { folder, files, until } = await follow({ 'src/a.txt': 'alpha\n', 'src/b.txt': 'beta\n' });
    const ids = [files.idOf('src/a.txt'), files.idOf('src/b.txt')];
    await rename(folder.at('src'), folder.at('lib'));
    await until(() => 'lib/a.txt' in files.contents && 'lib/b.txt' in files.contents);
    expect([files.idOf('lib/a.txt'), files.idOf('lib/b.txt')]).toEqual(ids);
  });

  it('writes what the room changes, and takes its own writes for no news', async () => {
    const { folder, files, mirror } = await follow({ 'a.txt': 'one\n' });
    const id = files.idOf('a.txt');
    files.insert(id, 0, 'zero\n');
    await mirror.flush();
    expect(await folder.read('a.txt')).toBe('zero\none\n');
    expect(files.readText(id)).toBe('zero\none\n');
  });

  it('heeds a .gitignore that changes', async () => {
    const { folder, files, until } = await follow({ '.gitignore': 'secret.txt\n', 'secret.txt': 'x' });
    await folder.write('build/out.txt', 'seen');
    await until(() => 'build/out.txt' in files.contents);
    expect('secret.txt' in files.contents).toBe(false);
    await folder.write('.gitignore', '');
    await until(() => 'secret.txt' in files.contents);
  });

  it('tells that the folder was removed, and keeps the room', async () => {
    const { folder, files, until, problems } = await follow({ 'a.txt': 'one\n', 'b.txt': 'two\n' });
    await rm(folder.path, { recursive: true });
    await until(() => problems.some(({ id }) => id === 'folder'));
    expect(Object.keys(files.contents)).toEqual(['a.txt', 'b.txt']);
    expect(problems.at(-1)).toMatchObject({ severity: 'error', canRetry: true });
  });
});
