import { dirname } from 'node:path';
import type { DiskWrites } from './text-file.ts';
import { errnoOf } from './workspace-error.ts';

/**
 * Makes what was done to files safe from a loss of power. Those who ask while it is being done for the same folder share
 * the next round, so that many changes cost little more than one.
 */
export class Durability {
  private readonly writes: DiskWrites;
  private readonly running = new Map<string, Promise<void>>();
  private readonly next = new Map<string, Promise<void>>();

  constructor(writes: DiskWrites) {
    this.writes = writes;
  }

  /** Resolves when the names in these folders are safe, as they are now. Rejects with the error of the system. */
  async syncFolders(folders: Iterable<string>): Promise<void> {
    await Promise.all([...new Set(folders)].map((folder) => this.syncFolder(folder)));
  }

  /** Resolves when a file that another program wrote is safe, as it is now, or is gone. Rejects as above. */
  async syncFile(absolutePath: string): Promise<void> {
    try {
      await this.writes.syncFile(absolutePath);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    await this.syncFolder(dirname(absolutePath));
  }

  private syncFolder(folder: string): Promise<void> {
    const waiting = this.next.get(folder);
    if (waiting) return waiting;
    const begin = () => this.begin(folder);
    const round = (this.running.get(folder) ?? Promise.resolve()).then(begin, begin);
    this.next.set(folder, round);
    return round;
  }

  private begin(folder: string): Promise<void> {
    this.next.delete(folder);
    const round = this.syncExisting(folder).finally(() => {
      if (this.running.get(folder) === round) this.running.delete(folder);
    });
    this.running.set(folder, round);
    return round;
  }

  /** A folder that has gone is missing from the one above. */
  private async syncExisting(folder: string): Promise<void> {
    try {
      await this.writes.syncFolder(folder);
    } catch (error) {
      if (!isMissing(error) || dirname(folder) === folder) throw error;
      await this.syncExisting(dirname(folder));
    }
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error));
}
