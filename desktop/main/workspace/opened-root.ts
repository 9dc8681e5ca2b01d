import { lstat } from 'node:fs/promises';
import { formatFolderIdentity, identifyFolder, isOtherFolder, parseFolderIdentity } from './folder-identity.ts';
import type { MirrorNotes } from './mirror-notes.ts';
import { assertRealPath } from './path-guard.ts';
import { findTellingDisk } from './telling-disk.ts';
import type { DiskWrites } from './text-file.ts';
import { openFolder } from './walk-folder.ts';
import { toWorkspaceError, WorkspaceError } from './workspace-error.ts';

/** The opened folder's identity: what was there when it was opened, and not merely something of the same name. */
export class OpenedRoot {
  private readonly path: string;
  private readonly writes: DiskWrites;
  private readonly notes: MirrorNotes;
  private identity: string | undefined;
  /** The disk that keeps which files are executable. */
  private telling: number | undefined;

  /** `path` is a real path. */
  constructor(path: string, writes: DiskWrites, notes: MirrorNotes) {
    this.path = path;
    this.writes = writes;
    this.notes = notes;
  }

  /**
   * Accepts what is at the path now. Resolves to whether it is another folder than before: than that of {@link note} when it
   * is opened for the first time. Rejects with WorkspaceError, also when there is a link instead.
   */
  async open(): Promise<boolean> {
    const isFirst = this.identity === undefined;
    await this.assertNoLink();
    await openFolder(this.path);
    const identity = await this.identify();
    const isOther = isFirst ? await this.isUnlikeNoted() : identity !== this.identity;
    const isNew = identity !== this.identity;
    this.identity = identity;
    if (isNew || this.telling === undefined) this.telling = await findTellingDisk(this.path, this.writes);
    return isOther;
  }

  /** Notes which folder it is: what is known of its files is known of this one. */
  async note(): Promise<void> {
    const identity = await identifyFolder(this.path).catch((error: unknown) => {
      throw toWorkspaceError(error, this.path, 'open-folder');
    });
    for (const path of this.notes.names('root')) if (path !== this.path) this.notes.delete('root', path);
    this.notes.set('root', this.path, formatFolderIdentity(identity));
  }

  /** Whether the mode of a file says if it is executable. `device`: the disk that it is on, where that may be another. */
  tellsExecutable(device = this.telling): boolean {
    return device !== undefined && device === this.telling;
  }

  /** Rejects with WorkspaceError `folder-missing` when the folder was removed, replaced or its drive taken out. */
  async assert(): Promise<void> {
    await this.assertNoLink();
    if ((await this.identify()) === this.identity) return;
    const message = `The folder "${this.path}" was replaced by another. Retry to go on with the new one, or open another folder.`;
    throw new WorkspaceError('folder-missing', this.path, message);
  }

  private async assertNoLink(): Promise<void> {
    try {
      await assertRealPath(this.path);
    } catch (error) {
      throw toWorkspaceError(error, this.path, 'open-folder');
    }
  }

  private async identify(): Promise<string> {
    try {
      // A folder that is removed and made anew may well get the same inode.
      const { dev, ino, birthtimeNs } = await lstat(this.path, { bigint: true });
      return `${dev}:${ino}:${birthtimeNs}`;
    } catch (error) {
      throw toWorkspaceError(error, this.path, 'open-folder');
    }
  }

  private async isUnlikeNoted(): Promise<boolean> {
    const noted = parseFolderIdentity(this.notes.get('root', this.path) ?? '');
    return noted !== undefined && isOtherFolder(noted, await identifyFolder(this.path));
  }
}
