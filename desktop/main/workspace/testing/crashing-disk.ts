import { existsSync, linkSync, lstatSync, mkdirSync, renameSync, unlinkSync } from 'node:fs';
import { chmod, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { withExecutable } from '../file-mode.ts';
import { isTempName } from '../own-files.ts';
import { type DiskWrites, systemDiskWrites } from '../text-file.ts';
import type { ProcessEnd } from './device-memory.ts';

interface Change {
  readonly undo: () => Promise<void> | void;
  /** Folders that must be brought to the disk before the change is safe. */
  readonly folders: Set<string>;
  /** A file for which the same holds. */
  file: string | undefined;
}

/** The system's disk, with a process that can end between any two changes, and power that can fail then. */
export class CrashingDisk implements DiskWrites {
  private readonly process: ProcessEnd;
  private readonly attic: string;
  private changes: Change[] = [];
  private nextName = 1;

  private constructor(process: ProcessEnd, attic: string) {
    this.process = process;
    this.attic = attic;
  }

  static async create(process: ProcessEnd): Promise<CrashingDisk> {
    const attic = await realpath(await mkdtemp(join(tmpdir(), 'tutti-attic-')));
    onTestFinished(() => rm(attic, { recursive: true, force: true }));
    return new CrashingDisk(process, attic);
  }

  async writeAll(...[file, bytes]: Parameters<DiskWrites['writeAll']>): Promise<void> {
    this.process.step();
    await systemDiskWrites.writeAll(file, bytes);
  }

  async chmod(...[file, mode, path]: Parameters<DiskWrites['chmod']>): Promise<void> {
    // What disk it is, is found out at once.
    if (isTempName(path.slice(path.lastIndexOf('/') + 1))) return systemDiskWrites.chmod(file, mode, path);
    this.process.step();
    this.noteMode(path, (await file.stat()).mode);
    await systemDiskWrites.chmod(file, mode, path);
    this.process.step();
  }

  rename(from: string, to: string): void {
    this.process.step();
    const isSave = isTempName(from.slice(from.lastIndexOf('/') + 1));
    const replaced = existsSync(to) && !isSameFile(from, to) ? this.keep(to) : undefined;
    systemDiskWrites.rename(from, to);
    const undo = () => {
      if (isSave) unlinkSync(to);
      else bringBack(to, from);
      if (replaced !== undefined) bringBack(replaced, to);
    };
    this.changes.push({ undo, folders: new Set([dirname(from), dirname(to)]), file: undefined });
    this.process.step();
  }

  remove(path: string): void {
    this.process.step();
    const kept = this.keep(path);
    systemDiskWrites.remove(path);
    this.changes.push({ undo: () => bringBack(kept, path), folders: new Set([dirname(path)]), file: undefined });
    this.process.step();
  }

  async syncFile(path: string): Promise<void> {
    this.process.step();
    // What is safe is counted here, and need not be on the real disk.
    lstatSync(path);
    for (const change of this.changes) if (change.file === path) change.file = undefined;
  }

  async syncFolder(path: string): Promise<void> {
    this.process.step();
    lstatSync(path);
    for (const { folders } of this.changes) {
      for (const folder of folders) {
        const isGone = folder.startsWith(path) && !existsSync(folder);
        if (folder === path || isGone) folders.delete(folder);
      }
    }
    this.process.step();
  }

  /** Another program writes a file in place. */
  async writeByOther(path: string, content: string): Promise<void> {
    const before = await readFile(path);
    await writeFile(path, content);
    this.changes.push({ undo: () => writeFile(path, before), folders: new Set(), file: path });
  }

  /** Another program changes whether a file may be run. */
  async chmodByOther(path: string, executable: boolean): Promise<void> {
    const { mode } = await stat(path);
    this.noteMode(path, mode);
    await chmod(path, withExecutable(mode, executable) & 0o7777);
  }

  /** All that was done is safe: it was long enough ago. */
  settle(): void {
    this.changes = [];
  }

  /** Undoes so many of the latest changes that were not safe yet. */
  async losePower(pickCount: (unsafe: number) => number): Promise<void> {
    const isSafe = ({ folders, file }: Change) => folders.size === 0 && file === undefined;
    const unsafe = this.changes.length - 1 - this.changes.findLastIndex(isSafe);
    const lost = this.changes.splice(this.changes.length - pickCount(unsafe));
    for (const { undo } of lost.reverse()) await undo();
    this.changes = [];
  }

  private noteMode(path: string, mode: number): void {
    this.changes.push({ undo: () => chmod(path, mode & 0o7777), folders: new Set(), file: path });
  }

  private keep(path: string): string {
    const kept = join(this.attic, String(this.nextName++));
    linkSync(path, kept);
    return kept;
  }
}

function isSameFile(a: string, b: string): boolean {
  return lstatSync(a).ino === lstatSync(b).ino;
}

function bringBack(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  renameSync(from, to);
}
