import type { KnownRooms } from '../store/known-rooms.ts';
import type { TakenFolder } from '../workspace/mirror-folder.ts';

/** What a room's mirror must know of the device. */
export interface MirrorSurroundings {
  /** Everything that this device keeps lies in it, backups too. */
  readonly dataFolder: string;
  /** Nothing is asked: the room's files are taken, and the folder's are backed up and stay on this device. */
  readonly takesRoomFiles: boolean;
  /** Folders of other rooms. */
  readonly takenFolders: () => readonly TakenFolder[];
  /** The room has a folder now, or none. */
  readonly rememberFolder: (folder: string | undefined) => void;
}

const OWN_ROOM = 'another room of yours';

/** A room of this device. */
export interface MirroredRoom {
  readonly relayUrl: string;
  readonly room: string;
  /** It was joined by a link. */
  readonly isJoined: boolean;
  /** The folder that it was made for. */
  readonly ownFolder: string | undefined;
}

export interface MirrorSurroundingsOptions extends MirroredRoom {
  readonly known: KnownRooms;
  readonly dataFolder: string;
  readonly takesRoomFiles: boolean;
}

/** What the mirror of one room has to know of this device, by what is remembered of all rooms. */
export function mirrorSurroundings(options: MirrorSurroundingsOptions): MirrorSurroundings {
  const { known, dataFolder, takesRoomFiles, relayUrl, room, isJoined, ownFolder } = options;
  return {
    dataFolder,
    takesRoomFiles,
    takenFolders: () => listFolders(known, room),
    rememberFolder: (folder) => {
      if (isJoined) known.joined.setFolder(relayUrl, room, folder);
      // The folder that the room was made for is known by itself.
      else known.writeSetting(settingOf(room), folder === ownFolder ? '' : (folder ?? ''));
    },
  };
}

/** The folders of all rooms but one. */
function listFolders(known: KnownRooms, exceptRoom: string): readonly TakenFolder[] {
  const owned = known.listFolderRooms().map(({ room, folder }) => ({ room, folder, owner: OWN_ROOM }));
  return [...owned, ...listMirrorFolders(known)].filter(({ room, folder }) => room !== exceptRoom && folder !== '');
}

/** The folders that mirror a room which was not made for them. */
export function listMirrorFolders(known: KnownRooms): readonly (TakenFolder & { readonly room: string })[] {
  const owned = known.listFolderRooms().map(({ room }) => {
    return { room, folder: known.readSetting(settingOf(room)) ?? '', owner: OWN_ROOM };
  });
  const joined = known.joined.list().map(({ room, folder = '', name }) => {
    const owner = name === undefined ? 'a room that you joined' : `the room "${name}", which you joined`;
    return { room, folder, owner };
  });
  return [...owned, ...joined].filter(({ folder }) => folder !== '');
}

/** Keeps the folder of a room that this device made, where that is not the one that it was made for. */
function settingOf(room: string): string {
  return `mirror-folder:${room}`;
}
