import { randomBytes } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import type { ShareLink } from '../../../shared/access/index.ts';
import type { Outcome } from '../../ipc/index.ts';
import type { KnownRoom } from '../store/known-rooms.ts';
import { toOfflineStoreError } from '../store/sqlite-failure.ts';
import { refuseOwnFiles, refuseTakenFolder } from '../workspace/mirror-folder.ts';
import { toWorkspaceError } from '../workspace/workspace-error.ts';
import { FolderSwitch, type RoomToLeave } from './folder-switch.ts';
import { listMirrorFolders } from './mirror-surroundings.ts';
import { pathExists } from './path-exists.ts';
import type { RoomDevice } from './room-device.ts';
import { RoomHost } from './room-host.ts';
import type { RoomAddress } from './room-keys.ts';
import type { RoomLease } from './room-leases.ts';
import { openRoomStorage, type RoomStorage } from './room-storage.ts';

/** Stands for "no folder" where rooms are remembered by folder. */
const SCRATCH = '';

/** How a room that this device made is opened. */
interface OwnedOpening {
  /** Real path, or {@link SCRATCH}. */
  readonly folder: string;
  readonly key: string;
  readonly room: KnownRoom;
  /** Why the room stays offline, when it does. */
  readonly offlineReason: string | undefined;
  readonly toLeave: RoomToLeave | undefined;
}

/** The rooms that this device makes, each for a folder but one. */
export class FolderRooms {
  private readonly device: RoomDevice;

  constructor(device: RoomDevice) {
    this.device = device;
  }

  /** Opens a folder in its room, which is made when the folder has none. Works without a relay. */
  async openFolder(path: string, toLeave?: RoomToLeave): Promise<Outcome<RoomLease>> {
    const { known, options } = this.device;
    let folder: string;
    try {
      folder = await realpath(path);
      if (!(await stat(folder)).isDirectory()) {
        return { ok: false, explanation: `${path} is a file. Open the folder that holds it.` };
      }
      await refuseOwnFiles(folder, options.dataFolder);
      if (known.find(folder).kind === 'none') await refuseTakenFolder(folder, listMirrorFolders(known));
    } catch (error) {
      return { ok: false, explanation: toWorkspaceError(error, path, 'open-folder').message };
    }
    return this.open(folder, toLeave);
  }

  /** Opens the room without a folder. */
  openScratch(): Promise<Outcome<RoomLease>> {
    return this.open(SCRATCH);
  }

  /** Opens the room of a folder as it is remembered, or makes one. */
  async open(folder: string, toLeave?: RoomToLeave): Promise<Outcome<RoomLease>> {
    try {
      return await this.openRemembered(folder, toLeave);
    } catch (error) {
      const { message } = toOfflineStoreError(error, this.device.options.dataFolder, false);
      return { ok: false, explanation: message };
    }
  }

  private async openRemembered(folder: string, toLeave: RoomToLeave | undefined): Promise<Outcome<RoomLease>> {
    const { known, keys, leases } = this.device;
    const found = known.find(folder);
    if (found.kind === 'sealed') return this.openWithoutKey(folder, found, toLeave);
    const { reached, isEmbedded, key } = keys.place(found.kind === 'known' ? found.known : this.invent());
    // The embedded relay keeps its own key beside this, open to the same account: sealing would only shut out a start
    // without a window, which has no key store.
    known.remember(folder, reached, { nowMs: Date.now(), isSealed: !isEmbedded });
    this.device.noteRecent();
    const outcome = await this.lease({ folder, key, room: reached, offlineReason: undefined, toLeave });
    if (!outcome.ok && found.kind === 'none' && !leases.isOpen(key)) {
      // There is no such room: what lies in the folder, or holds it, is not to be refused for it later.
      known.forgetFolder(folder);
      this.device.noteRecent();
    }
    return outcome;
  }

  /** The folder of the room of a link, when this device made the room and can read its key: both ways open one engine. */
  find({ relayUrl, room }: ShareLink): string | undefined {
    const { known, keys } = this.device;
    const owned = known.listFolderRooms().find((candidate) => candidate.room === room);
    if (!owned || keys.relayKeyOf(owned.relayUrl, room) !== keys.relayKeyOf(relayUrl, room)) return undefined;
    return known.find(owned.folder).kind === 'known' ? owned.folder : undefined;
  }

  private invent(): KnownRoom {
    return {
      relayUrl: this.device.options.relayUrl,
      room: randomBytes(16).toString('base64url'),
      ownerSecret: randomBytes(32).toString('base64url'),
    };
  }

  /** The secret of its owner cannot be read: the room opens from what this device has of it, and stays offline. */
  private async openWithoutKey(
    folder: string,
    room: RoomAddress,
    toLeave: RoomToLeave | undefined,
  ): Promise<Outcome<RoomLease>> {
    const { known, keys, stored } = this.device;
    const { reached, key } = keys.place(room);
    const whose = folder === SCRATCH ? 'your own room' : `the room of ${folder}`;
    const explanation = `The key to ${whose} is sealed by the key store of this computer, which cannot be read now. Open it in the window of Tutti, signed in as usual, or join it with a link.`;
    if (!(await pathExists(stored.pathOf(key)))) return { ok: false, explanation };
    known.touch(folder, Date.now());
    this.device.noteRecent();
    const withoutKey = { ...reached, ownerSecret: '' };
    return this.lease({ folder, key, room: withoutKey, offlineReason: explanation, toLeave });
  }

  private lease(opening: OwnedOpening): Promise<Outcome<RoomLease>> {
    const { known, leases, stored } = this.device;
    const { folder, key, room, toLeave } = opening;
    return leases.lease(key, async () => {
      // The relay has let this device in: it has the room, so that a file without anything is no new one.
      const isKnown = known.lastTokens.list(room.room).size > 0;
      // Nothing comes between the lock and whoever gives it back.
      const taking = folder === SCRATCH ? undefined : new FolderSwitch(leases, folder, toLeave);
      // First of all: what cannot be stored is no reason to leave another room.
      const storage = await openRoomStorage(stored.pathOf(key), { folderLock: taking?.lock, isKnown });
      try {
        await taking?.leave();
        return this.createHost(opening, storage);
      } catch (error) {
        await storage.close();
        throw error;
      }
    });
  }

  private createHost({ folder, room, offlineReason }: OwnedOpening, storage: RoomStorage): RoomHost {
    const { relayUrl, room: id, ownerSecret: secret } = room;
    const folderPath = folder === SCRATCH ? undefined : folder;
    return new RoomHost({
      ...this.device.hostOptions({ relayUrl, room: id, isJoined: false, ownFolder: folderPath }),
      relayUrl,
      room: id,
      secret,
      tokens: this.device.tokensOf({ relayUrl, room: id, secret }, this.device.personName),
      isOwner: true,
      operatorToken: this.device.options.operatorToken,
      storage,
      folderPath,
      offlineReason,
    });
  }
}
