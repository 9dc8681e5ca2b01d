import type { BaseIndex } from './base-index.ts';
import { type DiskMeans, freeLocalCopy, moveFile } from './disk-changes.ts';
import { resolveInside } from './path-guard.ts';
import { identifyFile } from './path-kind.ts';
import type { MirrorBase, MirrorMove } from './shared-files.ts';
import { MAX_SHARED_TEXT_BYTES, readDiskFile } from './text-file.ts';
import { toWorkspaceError } from './workspace-error.ts';

/** A move that was made, but may be undone by a loss of power. */
export interface UnsafeMove {
  readonly fileId: string;
  readonly error: unknown;
}

/** Moves files within the folder so that, however the process ends, the next start knows which file is which. */
export class FileMoves {
  private readonly means: DiskMeans;
  private readonly bases: BaseIndex;
  private readonly nowMs: () => number;
  /** By file: resolves when its last move is safe, or never will be. */
  private readonly running = new Map<string, Promise<void>>();
  private readonly unsafe: UnsafeMove[] = [];

  constructor(means: DiskMeans, bases: BaseIndex, nowMs: () => number) {
    this.means = means;
    this.bases = bases;
    this.nowMs = nowMs;
  }

  /**
   * Moves a file from where its base says that it is. Resolves to false when something is at the new path, and nothing
   * was moved. Rejects when disk or bases do not allow it.
   */
  move(fileId: string, path: string): Promise<boolean> {
    return this.moveTo(fileId, path, false);
  }

  /** Moves a file to a name beside `path` where it waits until it can be moved on; resolves and rejects as above. */
  async park(fileId: string, path: string): Promise<boolean> {
    return this.moveTo(fileId, await freeLocalCopy(this.means.root, path, this.nowMs()), true);
  }

  private async moveTo(fileId: string, path: string, isParking: boolean): Promise<boolean> {
    const { bases, means } = this;
    // Only one move of a file is noted at a time.
    await this.running.get(fileId);
    const base = bases.get(fileId);
    if (!base) return false;
    const from = await resolveInside(means.root, base.path);
    const to = await resolveInside(means.root, path);
    const move = { from: base.path, to: path, identity: await identityOf(from, base.path) };
    try {
      await bases.beginMove(fileId, move);
      // Only the note will tell which file it is that waits under such a name, or that another program has changed.
      const isToldByNote = isParking || !(await this.isRecognizable(from, base));
      await (isToldByNote ? bases.sync() : bases.whenFree(path));
      const folders = await moveFile({ from, to, path: base.path }, means);
      if (!folders) {
        bases.endMove(fileId, move);
        return false;
      }
      bases.set(fileId, { ...base, path });
      this.running.set(fileId, this.makeSafe(fileId, move, folders));
      return true;
    } catch (error) {
      bases.endMove(fileId, move);
      throw error;
    }
  }

  /** Resolves, when all moves so far are safe from a loss of power, to those that could not be made so. */
  async whenSafe(): Promise<readonly UnsafeMove[]> {
    await Promise.all(this.running.values());
    return this.unsafe.splice(0);
  }

  /** Whether a file would be known by its content at another path. */
  private async isRecognizable(absolutePath: string, { path, hash, text }: MirrorBase): Promise<boolean> {
    const disk = await readDiskFile(absolutePath, { root: this.means.root, path, maxBytes: MAX_SHARED_TEXT_BYTES });
    return disk.kind === 'text' ? disk.hash === hash : text === '';
  }

  private async makeSafe(fileId: string, move: MirrorMove, folders: readonly string[]): Promise<void> {
    try {
      await this.means.durability.syncFolders(folders);
      this.bases.endMove(fileId, move);
    } catch (error) {
      this.unsafe.push({ fileId, error: toWorkspaceError(error, move.to, 'rename') });
    } finally {
      this.running.delete(fileId);
    }
  }
}

async function identityOf(absolutePath: string, path: string): Promise<string> {
  try {
    return await identifyFile(absolutePath);
  } catch (error) {
    throw toWorkspaceError(error, path, 'rename');
  }
}
