import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceFolder } from './device-folder.ts';

/** Another program that lets some files of a folder each take the name of the one before it, again and again. */
export class RotatingFolder {
  readonly folder: DeviceFolder;
  private readonly name: string;
  private readonly paths: readonly string[];
  private renames = 0;
  private position = 0;

  /** `name` is that of no other program. */
  constructor(folder: DeviceFolder, name: string, paths: readonly string[]) {
    this.folder = folder;
    this.name = name;
    this.paths = paths;
  }

  /** Whether a file waits under another name for the place that it goes to. */
  get isBetween(): boolean {
    return this.position > 0;
  }

  /** Renames one file, unless it is not there. What has come to its new name meanwhile stays. */
  step(): void {
    const { paths, position } = this;
    const away = `away-${this.name}-${this.renames}`;
    const from = this.at(paths[position] ?? away);
    const to = this.at(paths[position - 1] ?? away);
    if (existsSync(from)) renameSync(from, existsSync(to) ? this.at(`${away}-${position}`) : to);
    this.position = (position + 1) % (paths.length + 1);
    if (!this.isBetween) this.renames++;
    this.folder.settle();
  }

  /** Brings what was begun to its end, or goes once around. */
  finish(): void {
    do this.step();
    while (this.isBetween);
  }

  private at(path: string): string {
    return join(this.folder.path, path);
  }
}
