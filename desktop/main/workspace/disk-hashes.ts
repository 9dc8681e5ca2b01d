import { type BigIntStats, lstatSync } from 'node:fs';
import { hashFile } from '../blobs/hash-file.ts';
import type { MirrorNotes } from './mirror-notes.ts';
import { hashOnDisk, openDiskFile } from './text-file.ts';
import { errnoOf, toWorkspaceError, WorkspaceError } from './workspace-error.ts';

/** A file as it was when it was read. */
export interface HashedFile {
  /** In lowercase hexadecimal digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** When it came to be as it is at its path, by the clock of the disk. */
  readonly changedMs: number;
  /** Differs once the file is written or replaced; see {@link isUnchanged}. */
  readonly stamp: string;
}

/** What is written within this time of a look may leave the times of the file as they were. */
const CLOCK_STEP_MS = 100;
/** Files up to this size are compared to the last byte right before they are replaced. */
const COMPARED_BYTES = 4 * 1024 * 1024;
const TRIES = 3;

/** Hashes of files of any size, each read again only when it has changed. */
export class DiskHashes {
  private readonly root: string;
  private readonly notes: MirrorNotes;
  private readonly nowMs: () => number;

  /** `root`: real path of the folder. `nowMs` is the clock of the disk. */
  constructor(root: string, notes: MirrorNotes, nowMs: () => number = Date.now) {
    this.root = root;
    this.notes = notes;
    this.nowMs = nowMs;
  }

  /** Undefined when nothing is there. Rejects with WorkspaceError, also when it is no plain file. */
  async of(absolutePath: string, path: string): Promise<HashedFile | undefined> {
    try {
      for (let attempt = 0; attempt < TRIES; attempt++) {
        const found = await this.read(absolutePath, path);
        if (found !== 'changing') return found;
      }
    } catch (error) {
      throw toWorkspaceError(error, path, 'read');
    }
    throw new WorkspaceError('io', path, `"${path}" keeps changing on disk while it is read. Retry when it rests.`);
  }

  private async read(absolutePath: string, path: string): Promise<HashedFile | undefined | 'changing'> {
    const beganMs = this.nowMs();
    const file = await openDiskFile(absolutePath, { root: this.root, path });
    if (!file) {
      this.notes.delete('stamp', path);
      return undefined;
    }
    try {
      const stats = await file.stat({ bigint: true });
      if (!stats.isFile()) {
        const message = `"${path}" is not a file that can be shared, but something such as a device. Remove or rename it.`;
        throw new WorkspaceError('unusable-name', path, message);
      }
      const stamp = stampOf(stats);
      const sizeBytes = Number(stats.size);
      const changedMs = Number(stats.ctimeNs / 1_000_000n);
      const known = this.noted(path, stamp);
      if (known !== undefined) return { sha256: known, sizeBytes, changedMs, stamp };
      const sha256 = await hashFile(file);
      if (stampOf(await file.stat({ bigint: true })) !== stamp) return 'changing';
      if (changedMs < beganMs - CLOCK_STEP_MS) this.notes.set('stamp', path, `${stamp} ${sha256}`);
      return { sha256, sizeBytes, changedMs, stamp };
    } finally {
      await file.close();
    }
  }

  private noted(path: string, stamp: string): string | undefined {
    const [notedStamp, sha256] = this.notes.get('stamp', path)?.split(' ') ?? [];
    return notedStamp === stamp ? sha256 : undefined;
  }
}

/**
 * Whether at a path there still is the file that was read, or still nothing; right now, so that nothing of this process
 * comes between the look and what follows. Throws the error of the system.
 */
export function isUnchanged(absolutePath: string, known: HashedFile | undefined): boolean {
  try {
    const stats = lstatSync(absolutePath, { bigint: true });
    if (!known || !stats.isFile() || stampOf(stats) !== known.stamp) return false;
    return known.sizeBytes > COMPARED_BYTES || hashOnDisk(absolutePath) === known.sha256;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error))) return known === undefined;
    throw error;
  }
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}
