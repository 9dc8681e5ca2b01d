import type { Device } from './device.ts';
import type { DeviceFolder } from './device-folder.ts';
import { marksIn } from './marks.ts';
import type { Deed, Scene } from './scene.ts';

/** What git does to a repository with the branches `main` and `other`. */
export class GitDeeds {
  private readonly scene: Scene;
  private readonly device: Device;
  private readonly folder: DeviceFolder;

  constructor(scene: Scene, device: Device, folder: DeviceFolder) {
    this.scene = scene;
    this.device = device;
    this.folder = folder;
  }

  /** Makes the branch `other`, on which some files are different, one is missing and one is new. */
  static async prepare(folder: DeviceFolder, { marks }: Scene): Promise<void> {
    const { git } = folder;
    if (!git) return;
    await git.git('config', 'gc.auto', '0');
    await git.git('switch', '--quiet', '--create', 'other');
    const main = await folder.read();
    const changed = [...main].slice(2).map(([path, text]): [string, string] => [path, `${text}of the other branch\n`]);
    await git.git('rm', '--quiet', [...main.keys()][0] ?? '');
    const made = marks.begin();
    marks.release([made]);
    await git.commit('other', { ...Object.fromEntries(changed), 'a/other.txt': `${made}one\ntwo\n` });
    await git.git('switch', '--quiet', 'main');
  }

  get all(): readonly Deed[] {
    return [
      [4, () => this.run(() => this.switchBranch())],
      [2, () => this.run(() => this.stash())],
      [3, () => this.run(() => this.pop())],
      [1, () => this.run(() => this.folder.runGit('reset', '--quiet', '--hard'))],
      [1, () => this.run(() => this.commit())],
    ];
  }

  private async switchBranch(): Promise<boolean> {
    const branch = this.scene.random.pick(['main', 'other']);
    this.note(`switch to ${branch}`);
    // Git refuses where something would be lost.
    return (
      (await this.folder.runGit('switch', '--quiet', branch)) ||
      ((await this.commit()) && this.folder.runGit('switch', '--quiet', branch))
    );
  }

  private stash(): Promise<boolean> {
    const flags = this.scene.random.chance(0.4) ? ['--include-untracked'] : [];
    this.note(`stash ${flags.join(' ')}`);
    return this.folder.runGit('stash', 'push', '--quiet', ...flags);
  }

  private async pop(): Promise<boolean> {
    this.note('stash pop');
    return this.folder.runGit('stash', 'pop', '--quiet');
  }

  private async commit(): Promise<boolean> {
    this.note('commit');
    await this.folder.runGit('add', '--all');
    return this.folder.runGit('commit', '--quiet', '--allow-empty', '--message', 'work');
  }

  /** What git takes from the folder is meant to go; what it puts there is to be kept. */
  private async run(act: () => Promise<unknown>): Promise<void> {
    const before = await this.folder.read();
    await act();
    const after = await this.folder.read();
    const { marks, deleted } = this.scene;
    marks.release(this.takenOut(before, after));
    marks.require(newMarks(before, after));
    for (const path of before.keys()) {
      const fileId = after.has(path) ? undefined : this.device.fileAt(path);
      if (fileId !== undefined) deleted.add(fileId);
    }
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
      (path) => before.get(path) !== after.get(path),
    );
    this.note(`changed ${changed.map((path) => `${path}: ${JSON.stringify(after.get(path))}`).join('; ')}`);
  }

  /** Of a text that other devices have moved, the file that it left may still have it here. */
  private takenOut(before: Files, after: Files): string[] {
    const { marks } = this.scene;
    const isLeaving = (mark: string, path: string) => {
      const fileId = marksAt(before, path).includes(mark) ? this.device.fileAt(path) : undefined;
      return fileId !== undefined && marks.hasLeft(mark, fileId);
    };
    return [...before.keys()].flatMap((from) => {
      const has = new Set(marksAt(after, from));
      return marksAt(before, from).filter((mark) => {
        const others = [...after.keys()].filter((path) => marksAt(after, path).includes(mark));
        return !has.has(mark) && others.every((path) => isLeaving(mark, path));
      });
    });
  }

  private note(what: string): void {
    this.scene.note(`${this.device.name}'s git: ${what}`);
  }
}

/** By path. */
type Files = ReadonlyMap<string, string>;

function marksAt(files: Files, path: string): string[] {
  return marksIn(files.get(path) ?? '');
}

/** Marks that are in none of the files that there were before. */
function newMarks(before: Files, after: Files): string[] {
  const had = new Set([...before.values()].flatMap(marksIn));
  return [...after.values()].flatMap(marksIn).filter((mark) => !had.has(mark));
}
