import {
  formatFolderIdentity,
  identifyFolder,
  isOtherFolder,
  isReplacedFolder,
  isSameFolder,
  type OpenFolderIdentity,
  parseFolderIdentity,
} from './folder-identity.ts';
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
  private identity: OpenFolderIdentity | undefined;
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
    const before = this.identity;
    await this.assertNoLink();
    await openFolder(this.path);
    const identity = await this.identify();
    const isOther = before ? isReplacedFolder(before, identity) : this.isUnlikeNoted(identity);
    const isNew = !before || !isSameFolder(before, identity);
    this.identity = identity;
    if (isNew || this.telling === undefined) this.telling = await findTellingDisk(this.path, this.writes);
    return isOther;
  }

  /** Notes which folder it is: what is known of its files is known of this one. */
  async note(): Promise<void> {
    const identity = await this.identify();
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
    const now = await this.identify();
    if (this.identity && isSameFolder(this.identity, now)) return;
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

  private async identify(): Promise<OpenFolderIdentity> {
    try {
      return await identifyFolder(this.path);
    } catch (error) {
      throw toWorkspaceError(error, this.path, 'open-folder');
    }
  }

  private isUnlikeNoted(identity: OpenFolderIdentity): boolean {
    const noted = parseFolderIdentity(this.notes.get('root', this.path) ?? '');
    return noted !== undefined && isOtherFolder(noted, identity);
  }
}
