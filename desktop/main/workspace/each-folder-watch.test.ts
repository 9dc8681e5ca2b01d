import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { watchEachFolder } from './each-folder-watch.ts';
import type { FolderWatchEvents } from './folder-watch.ts';
import { TestFolder } from './testing/mirror-under-test.ts';

class Told implements FolderWatchEvents {
  readonly paths: string[] = [];
  overflows = 0;
  private readonly waiting = new Set<() => void>();

  onPaths(paths: readonly string[]): void {
    this.paths.push(...paths);
    this.check();
  }

  onOverflow(): void {
    this.overflows++;
    this.check();
  }

  onFailed(error: unknown): void {
    throw error;
  }

  /** Resolves when it has been told of a path since the last time that this was asked. */
  async path(path: string): Promise<void> {
    await this.until(() => this.paths.includes(path));
    this.paths.length = 0;
  }

  until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!isTrue()) return;
        this.waiting.delete(check);
        resolve();
      };
      this.waiting.add(check);
      check();
    });
  }

  private check(): void {
    for (const check of this.waiting) check();
  }
}

/** Resolves when everything that was done before is told, and what has come is followed. */
async function allToldOf(folder: TestFolder, told: Told): Promise<void> {
  const last = `last-${randomUUID()}`;
  await folder.write(last, '');
  await told.path(last);
}

async function watchNew(content: Readonly<Record<string, string>>, manyEvents?: number) {
  const folder = await TestFolder.create(content);
  const told = new Told();
  const watching = await watchEachFolder(folder.path, told, manyEvents);
  onTestFinished(async () => {
    watching.dispose();
    await watching.ended;
  });
  return { folder, told, watching, allTold: () => allToldOf(folder, told) };
}

describe('a watch of each folder', () => {
  it('tells of edits, new files and deletions, in folders at any depth', async () => {
    const { folder, told } = await watchNew({ 'a.txt': '1', 'b/c/d.txt': '1' });
    await folder.write('a.txt', '2');
    await told.path('a.txt');
    await folder.write('b/c/d.txt', '2');
    await told.path('b/c/d.txt');
    await folder.write('b/c/e.txt', '1');
    await told.path('b/c/e.txt');
    await rm(folder.at('b/c/d.txt'));
    await told.path('b/c/d.txt');
  });

  it('follows folders that were made at once, however deep', async () => {
    const { folder, told } = await watchNew({});
    for (let turn = 0; turn < 10; turn++) {
      const deep = `n${turn}/d/e/f/g`;
      mkdirSync(folder.at(deep), { recursive: true });
      await told.path(`n${turn}`);
      await folder.write(`${deep}/x.txt`, '1');
      await told.path(`${deep}/x.txt`);
    }
  });

  it('follows what is in a folder that was renamed, by its new path', async () => {
    const { folder, told } = await watchNew({ 'a/b/c.txt': '1' });
    await rename(folder.at('a'), folder.at('z'));
    await told.path('z');
    await folder.write('z/b/c.txt', '2');
    await told.path('z/b/c.txt');
    await rename(folder.at('z/b'), folder.at('z/y'));
    await told.path('z/y');
    await folder.write('z/y/c.txt', '3');
    await told.path('z/y/c.txt');
  });

  it('follows what is in a folder that came from elsewhere', async () => {
    const { folder, told } = await watchNew({});
    const other = await TestFolder.create({ 'x/y/z/c.txt': '1' });
    await rename(other.at('x'), folder.at('x'));
    await told.path('x');
    await folder.write('x/y/z/c.txt', '2');
    await told.path('x/y/z/c.txt');
  });

  it('follows the folder that has come in the place of another', async () => {
    const { folder, told, allTold } = await watchNew({ 'a/b/c.txt': '1', 'other/b/c.txt': '2' });
    renameSync(folder.at('a'), folder.at('gone'));
    renameSync(folder.at('other'), folder.at('a'));
    rmSync(folder.at('gone'), { recursive: true });
    await told.path('a');
    await folder.write('a/b/c.txt', '3');
    await told.path('a/b/c.txt');
    await rm(folder.at('a'), { recursive: true });
    await folder.write('a/b/c.txt', '4');
    // That it has gone may be told before it has come.
    await allTold();
    await folder.write('a/b/c.txt', '5');
    await told.path('a/b/c.txt');
  });

  it('tells of a folder that has moved away while it was watched no more by its old path', async () => {
    const { folder, told } = await watchNew({ 'a/b/c.txt': '1' });
    const elsewhere = await TestFolder.create();
    await rename(folder.at('a'), elsewhere.at('a'));
    await told.path('a');
    await elsewhere.write('a/b/c.txt', '2');
    await folder.write('last.txt', '1');
    await told.until(() => told.paths.includes('last.txt'));
    expect(told.paths.filter((path) => path.startsWith('a'))).toEqual([]);
  });

  it('leaves out what is never shared, and files that Tutti writes', async () => {
    const { folder, told } = await watchNew({ '.git/HEAD': '1', 'p/node_modules/i.js': '1' });
    await folder.write('.git/HEAD', '2');
    await folder.write('p/node_modules/q/i.js', '2');
    await folder.write('p/.tutti-0123456789abcdef.tmp', '1');
    await folder.write('p/last.txt', '1');
    await told.until(() => told.paths.includes('p/last.txt'));
    expect(new Set(told.paths)).toEqual(new Set(['p/last.txt']));
  });

  it('says that changes may be missing when too many come at once', async () => {
    const { folder, told } = await watchNew({}, 100);
    for (let file = 0; file < 20; file++) writeFileSync(folder.at(`${file}.txt`), '1');
    await told.path('19.txt');
    expect(told.overflows).toBe(0);
    // The system cannot tell of any before all are made.
    for (let file = 0; file < 100; file++) writeFileSync(folder.at(`${file}.txt`), '1');
    await told.until(() => told.overflows > 0);
    await folder.write('last.txt', '1');
    await told.path('last.txt');
    expect(told.overflows).toBe(1);
  });

  it('follows what comes while it begins, and tells nothing before', async () => {
    const folder = await TestFolder.create();
    for (let made = 0; made < 200; made++) mkdirSync(folder.at(`a${made}/b`), { recursive: true });
    const told = new Told();
    const beginning = watchEachFolder(folder.path, told, 100);
    // The folder itself is watched by then, and those in it are not.
    await nextTurn();
    for (let made = 0; made < 200; made++) mkdirSync(folder.at(`n${made}/d`), { recursive: true });
    const watching = await beginning;
    onTestFinished(() => watching.dispose());
    expect([told.overflows, told.paths.length]).toEqual([0, 0]);
    // Folders that came meanwhile are looked at again, and what is in them is told then as a change of the folder.
    await allToldOf(folder, told);
    for (const path of ['a199/b/c.txt', 'n0/d/c.txt', 'n199/d/c.txt']) {
      await folder.write(path, '1');
      await told.until(() => told.paths.includes(path));
    }
  });

  it('tells nothing once it was disposed, and leaves no watch behind', async () => {
    const { folder, told, watching } = await watchNew({ 'a/b/c.txt': '1' });
    writeFileSync(folder.at('a/b/c.txt'), '2');
    watching.dispose();
    await watching.ended;
    const next = new Told();
    const following = await watchEachFolder(folder.path, next);
    await folder.write('a/b/c.txt', '3');
    await next.path('a/b/c.txt');
    following.dispose();
    expect(told.paths).toEqual([]);
  });

  it('cannot follow a folder that is not there', async () => {
    const folder = await TestFolder.create();
    await expect(watchEachFolder(folder.at('missing'), new Told())).rejects.toThrow('ENOENT');
  });

  it('tells of the folder itself when it is removed', async () => {
    const { folder, told } = await watchNew({ 'a.txt': '1' });
    await mkdir(folder.at('b'));
    await told.path('b');
    await rm(folder.path, { recursive: true });
    await told.path('a.txt');
  });

  it('follows a folder that may be read only now', async () => {
    const { folder, told } = await watchNew({ 'a/b/c.txt': '1' });
    await chmod(folder.at('a'), 0o000);
    await told.path('a');
    await chmod(folder.at('a'), 0o755);
    await told.path('a');
    await folder.write('a/b/c.txt', '2');
    await told.path('a/b/c.txt');
  });
});
