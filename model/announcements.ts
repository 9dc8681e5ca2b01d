import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FolderWatch, FolderWatchEvents } from '../desktop/main/workspace/folder-watch.ts';
import { isOwnFile } from '../desktop/main/workspace/own-files.ts';
import { toDisposable } from '../shared/lifecycle/index.ts';

/** Announces changes in a folder as the system does, but only when told to. */
export class Announcements {
  private readonly folder: string;
  private events: FolderWatchEvents | undefined;
  private seen: ReadonlyMap<string, string> = new Map();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** In place of the system's way to follow a folder. */
  async watch(events: FolderWatchEvents): Promise<FolderWatch> {
    this.seen = await this.look();
    this.events = events;
    const watch = toDisposable(() => {
      if (this.events === events) this.events = undefined;
    });
    return { ended: Promise.resolve(), dispose: () => watch.dispose() };
  }

  /** Tells all that has changed since the last time. */
  async tell(): Promise<void> {
    if (!this.events) return;
    const { seen } = this;
    const now = await this.look();
    this.seen = now;
    const paths = [...new Set([...seen.keys(), ...now.keys()])].filter((path) => seen.get(path) !== now.get(path));
    if (paths.length > 0) this.events.onPaths(paths);
  }

  /** Tells only that something may have been missed. */
  async overflow(): Promise<void> {
    this.seen = await this.look();
    this.events?.onOverflow(new Error('too much has changed'));
  }

  private async look(): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    const walk = async (folder: string): Promise<void> => {
      for (const { name, isFolder } of await this.list(folder)) {
        const path = folder === '' ? name : `${folder}/${name}`;
        if (isFolder) await walk(path);
        else if (!isOwnFile(name)) found.set(path, await this.identify(path));
      }
    };
    await walk('');
    return found;
  }

  private async list(folder: string): Promise<{ readonly name: string; readonly isFolder: boolean }[]> {
    const entries = await readdir(join(this.folder, folder), { withFileTypes: true });
    return entries
      .filter(({ name }) => name !== '.git')
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private async identify(path: string): Promise<string> {
    const { ino, mtimeMs, size, mode } = await lstat(join(this.folder, path));
    return `${ino}:${mtimeMs}:${size}:${mode}`;
  }
}
