import type { Disposable } from '../../../shared/lifecycle/index.ts';
import { OfflineStoreError } from '../../../shared/sync/index.ts';
import { lockFolder } from '../store/folder-lock.ts';
import type { RoomHost } from './room-host.ts';
import type { RoomLeases } from './room-leases.ts';

/** The room of a window that is to show another: it goes first where the folders of both cannot be open at once. */
export interface RoomToLeave {
  readonly host: RoomHost;
  /** Gives back what keeps the room open in the window. */
  leave(): void;
}

/** Takes a folder for a room, also from the one room that gives way to it. */
export class FolderSwitch {
  private readonly leases: RoomLeases;
  private readonly folder: string;
  private readonly inTheWay: (RoomToLeave & { readonly key: string }) | undefined;
  /** Keeps others from the folder from now on. Goes over to whoever opens the room. */
  readonly lock: Disposable;

  /**
   * `folder` is a real path. Nothing is left yet. Throws OfflineStoreError when another room or another Tutti has the
   * folder, one in it, or one that holds it.
   */
  constructor(leases: RoomLeases, folder: string, toLeave: RoomToLeave | undefined) {
    this.leases = leases;
    this.folder = folder;
    try {
      this.lock = lockFolder(folder);
    } catch (error) {
      const key = toLeave && leases.keyOf(toLeave.host);
      if (!toLeave || key === undefined || !isInUse(error)) throw error;
      this.lock = lockFolder(folder, toLeave.host.mirror.lockedFolders);
      this.inTheWay = { host: toLeave.host, leave: () => toLeave.leave(), key };
      if (leases.isLeasedOnce(toLeave.host)) return;
      this.lock.dispose();
      throw this.refuse(toLeave.host);
    }
  }

  /**
   * Leaves the room that is in the way, if any; resolves when all of that is stored. Rejects with OfflineStoreError, and
   * has left nothing, when another window shows it as well.
   */
  async leave(): Promise<void> {
    if (!this.inTheWay) return;
    const { host, key } = this.inTheWay;
    const isOpen = this.leases.find(key) === host;
    if (isOpen && !this.leases.isLeasedOnce(host)) throw this.refuse(host);
    this.inTheWay.leave();
    // The window has gone elsewhere meanwhile, and what is open is in another one.
    if (this.leases.find(key) === host) throw this.refuse(host);
    await this.leases.whenClosed(key);
  }

  private refuse({ folderPath = '' }: RoomHost): OfflineStoreError {
    const message = `The folder "${this.folder}" cannot be opened beside "${folderPath}": one holds the other, and each would take the other’s files. Another window shows "${folderPath}" as well. Leave the room there first.`;
    return new OfflineStoreError('in-use', message);
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof OfflineStoreError && error.code === 'in-use';
}
