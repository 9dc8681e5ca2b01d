import { lstatSync } from 'node:fs';
import type { FileChanges, SharedFile } from '../../../shared/workspace/index.ts';
import type { BaseIndex } from './base-index.ts';
import { type DiskMeans, isThere } from './disk-changes.ts';
import { isExecutable, withExecutable } from './file-mode.ts';
import type { MirrorPolicy } from './mirror-policy.ts';
import type { OpenedRoot } from './opened-root.ts';
import type { SharedFiles } from './shared-files.ts';
import { openDiskFile } from './text-file.ts';
import { notKept, toWorkspaceError } from './workspace-error.ts';

export interface ExecutableBitsOptions {
  readonly means: DiskMeans;
  readonly root: OpenedRoot;
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly policy: MirrorPolicy;
}

/** A change on disk that could not be shared. */
export interface UnsharedBit {
  readonly fileId: string;
  readonly error: unknown;
}

/** Which of disk and room has changed since they agreed; `same` when they agree. */
type Changed = 'same' | 'disk' | 'room';

/**
 * Brings folder and room together about which files are executable, where the disk tells that: see `OpenedRoot`. Two who
 * both change it have changed it to the same.
 */
export class ExecutableBits {
  private readonly options: ExecutableBitsOptions;
  /** Files that changed on disk, with where they are. */
  private readonly unshared = new Map<string, string>();

  constructor(options: ExecutableBitsOptions) {
    this.options = options;
  }

  /** Whether a file is executable; undefined where the disk does not tell, or no file is there. */
  read(absolutePath: string): boolean | undefined {
    try {
      const stats = lstatSync(absolutePath);
      return stats.isFile() && this.options.root.tellsExecutable(stats.dev) ? isExecutable(stats.mode) : undefined;
    } catch {
      return undefined;
    }
  }

  /** What a file becomes that is written now; undefined: it stays as it is. */
  wanted(file: SharedFile, absolutePath: string): boolean | undefined {
    const { executable = false } = file;
    if (!isThere(absolutePath)) return this.options.root.tellsExecutable() ? executable : undefined;
    const disk = this.read(absolutePath);
    return disk !== undefined && this.compare(file, disk) === 'room' ? executable : undefined;
  }

  /**
   * Brings a file in step whose content is, but for what {@link share} does. Resolves to `again` when it has to be looked
   * at again. Rejects with WorkspaceError.
   */
  async sync(fileId: string, absolutePath: string): Promise<'done' | 'again'> {
    const { files, bases } = this.options;
    this.unshared.delete(fileId);
    const file = files.get(fileId);
    const disk = this.read(absolutePath);
    if (!file || disk === undefined || bases.pathFor(fileId) !== file.path) return 'done';
    const changed = this.compare(file, disk);
    if (changed === 'room') return this.apply(file, absolutePath, !disk);
    if (changed === 'disk') await this.take(file, absolutePath);
    else this.agree(file, disk);
    return 'done';
  }

  /** Gives the room what has changed on disk, many files in one step. Returns those that it could not be given. */
  share(): readonly UnsharedBit[] {
    const { files, bases } = this.options;
    const changes = new Map<string, FileChanges & { readonly executable: boolean }>();
    const failed: UnsharedBit[] = [];
    for (const [fileId, absolutePath] of this.unshared) {
      const file = files.get(fileId);
      const disk = this.read(absolutePath);
      if (!file || disk === undefined || bases.pathFor(fileId) !== file.path) continue;
      if (this.compare(file, disk) !== 'disk') continue;
      if (files.canKeep(fileId)) changes.set(fileId, { executable: disk });
      else failed.push({ fileId, error: notKept(file.path) });
    }
    this.unshared.clear();
    if (changes.size > 0) files.updateAll(changes);
    for (const [fileId, { executable }] of changes) bases.setExecutable(fileId, executable);
    return failed;
  }

  private compare({ fileId, executable }: SharedFile, disk: boolean): Changed {
    const { bases } = this.options;
    // What was written when the process ended is this device's own.
    const isOwn = bases.savingOf(fileId)?.executable === disk;
    const agreed = isOwn ? disk : bases.executableOf(fileId);
    // Where nobody has said anything yet, what is on disk counts.
    const room = executable ?? (agreed === undefined ? undefined : false);
    if (room === disk || (room === undefined && !disk)) return 'same';
    return room !== undefined && (agreed === undefined || agreed === disk) ? 'room' : 'disk';
  }

  private agree({ fileId, path, executable }: SharedFile, disk: boolean): void {
    const { files, bases, policy } = this.options;
    policy.releaseBit(fileId);
    const agreed = bases.executableOf(fileId);
    if (agreed === disk || (agreed === undefined && executable === undefined)) return;
    if (!files.canKeep(fileId)) throw notKept(path);
    bases.setExecutable(fileId, disk);
  }

  private async take({ fileId, path }: SharedFile, absolutePath: string): Promise<void> {
    const { files, bases, policy, means } = this.options;
    if (!policy.takesFiles || policy.isFileHeld(fileId)) {
      const isChange = bases.executableOf(fileId) !== undefined;
      if (isChange && !policy.takesEdits(fileId)) policy.holdBit(fileId);
      return;
    }
    if (!files.canKeep(fileId)) throw notKept(path);
    try {
      // Else a loss of power may bring back what was there before, which would look like a change that undoes this one.
      await means.durability.syncFile(absolutePath);
    } catch (error) {
      throw toWorkspaceError(error, path, 'read');
    }
    this.unshared.set(fileId, absolutePath);
  }

  private async apply(file: SharedFile, absolutePath: string, executable: boolean): Promise<'done' | 'again'> {
    const { files, bases, policy } = this.options;
    const { fileId, path } = file;
    const base = bases.get(fileId);
    if (!base) return 'again';
    if (!files.canKeep(fileId)) throw notKept(path);
    await bases.beginSave(fileId, { ...base, executable });
    const isStill = files.get(fileId)?.executable === file.executable && this.read(absolutePath) === !executable;
    if (!isStill || !(await this.change(absolutePath, path, executable))) return 'again';
    bases.setExecutable(fileId, executable);
    policy.releaseBit(fileId);
    return 'done';
  }

  /** Resolves when it is safe from a loss of power; to false when no file is there. */
  private async change(absolutePath: string, path: string, executable: boolean): Promise<boolean> {
    const { root, writes, durability } = this.options.means;
    const file = await openDiskFile(absolutePath, { root, path });
    if (!file) return false;
    try {
      const stats = await file.stat();
      if (!stats.isFile()) return false;
      await writes.chmod(file, withExecutable(stats.mode, executable) & 0o7777, absolutePath);
      await durability.syncFile(absolutePath);
      return true;
    } catch (error) {
      throw toWorkspaceError(error, path, 'write');
    } finally {
      await file.close();
    }
  }
}
