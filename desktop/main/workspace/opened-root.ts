import { stat } from 'node:fs/promises';
import { findTellingDisk } from './telling-disk.ts';
import type { DiskWrites } from './text-file.ts';
import { openFolder } from './walk-folder.ts';
import { toWorkspaceError, WorkspaceError } from './workspace-error.ts';

/** The opened folder's identity: what was there when it was opened, and not merely something of the same name. */
export class OpenedRoot {
  private readonly path: string;
  private readonly writes: DiskWrites;
  private identity: string | undefined;
  /** The disk that keeps which files are executable. */
  private telling: number | undefined;

  /** `path` is a real path. */
  constructor(path: string, writes: DiskWrites) {
    this.path = path;
    this.writes = writes;
  }

  /** Accepts what is at the path now. Resolves to whether it is another folder than before. Rejects with WorkspaceError. */
  async open(): Promise<boolean> {
    await openFolder(this.path);
    const identity = await this.identify();
    const isOther = identity !== this.identity;
    this.identity = identity;
    if (isOther || this.telling === undefined) this.telling = await findTellingDisk(this.path, this.writes);
    return isOther;
  }

  /** Whether the mode of a file says if it is executable. `device`: the disk that it is on, where that may be another. */
  tellsExecutable(device = this.telling): boolean {
    return device !== undefined && device === this.telling;
  }

  /** Rejects with WorkspaceError `folder-missing` when the folder was removed, replaced or its drive taken out. */
  async assert(): Promise<void> {
    if ((await this.identify()) === this.identity) return;
    const message = `The folder "${this.path}" was replaced by another. Retry to go on with the new one, or open another folder.`;
    throw new WorkspaceError('folder-missing', this.path, message);
  }

  private async identify(): Promise<string> {
    try {
      // A folder that is removed and made anew may well get the same inode.
      const { dev, ino, birthtimeNs } = await stat(this.path, { bigint: true });
      return `${dev}:${ino}:${birthtimeNs}`;
    } catch (error) {
      throw toWorkspaceError(error, this.path, 'open-folder');
    }
  }
}
