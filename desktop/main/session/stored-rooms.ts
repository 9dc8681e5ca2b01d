import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorMessage } from '../../../shared/lifecycle/index.ts';
import { sizeOfBlobs } from '../blobs/blob-cache.ts';
import type { Outcome, StoredRoom } from '../../ipc/index.ts';
import type { JoinedRoom } from '../store/joined-rooms.ts';
import type { FolderRoom, KnownRooms } from '../store/known-rooms.ts';
import { countUnsent } from '../store/unsent-count.ts';
import type { RoomLeases } from './room-leases.ts';

/** Where a room is reached, and under which key it is kept. */
export interface PlacedRoom {
  /** `embedded`, or the URL of its relay. */
  readonly relayKey: string;
  readonly room: string;
}

export interface StoredRoomsOptions {
  readonly dataFolder: string;
  readonly known: KnownRooms;
  readonly leases: RoomLeases;
  /** Key of a relay; see {@link PlacedRoom}. */
  readonly relayKeyOf: (relayUrl: string, room: string) => string;
}

/** What this device remembers of a room whose file it keeps. */
export type RememberedRoom =
  | { readonly kind: 'folder'; readonly found: FolderRoom }
  | { readonly kind: 'joined'; readonly joined: JoinedRoom };

/** A room that opens without a link. Names come from others and are shown as text only. */
export interface RecentRoom {
  readonly key: string;
  readonly name: string;
  /** Its folder, or the host of its relay. */
  readonly place: string;
}

interface RoomFilesOnDisk {
  readonly paths: string[];
  sizeBytes: number;
  changedMs: number;
}

const FILE_NAME = /^([A-Za-z0-9_-]{1,64}-[0-9a-f]{16})\.(?:sqlite(?:-wal|-shm|-journal)?|damaged-.*|blobs)$/;

/** The rooms that this device keeps, open or not. */
export class StoredRooms {
  private readonly options: StoredRoomsOptions;

  constructor(options: StoredRoomsOptions) {
    this.options = options;
  }

  /** Name of a room's files without their ending, and its key in lists. */
  static keyOf({ relayKey, room }: PlacedRoom): string {
    return `${room}-${createHash('sha256').update(relayKey).digest('hex').slice(0, 16)}`;
  }

  get folder(): string {
    return join(this.options.dataFolder, 'rooms');
  }

  pathOf(key: string): string {
    return join(this.folder, `${key}.sqlite`);
  }

  /** What is remembered of the room with this key. */
  remembered(key: string): RememberedRoom | undefined {
    return this.rememberedByKey().get(key);
  }

  /** Every room that is kept or remembered, the last one opened first. */
  async list(): Promise<readonly StoredRoom[]> {
    const files = await this.readFiles();
    const remembered = this.rememberedByKey();
    const keys = new Set([...remembered.keys(), ...files.keys()]);
    const rooms: StoredRoom[] = [];
    for (const key of keys) rooms.push(await this.describe(key, files.get(key), remembered.get(key)));
    return rooms.sort((a, b) => b.openedMs - a.openedMs);
  }

  /** What is remembered, the last one opened first; the files are not looked at. */
  listRecent(): readonly RecentRoom[] {
    return [...this.rememberedByKey()]
      .map(([key, remembered]) => ({ key, remembered, about: aboutOf(remembered) }))
      .sort((a, b) => b.about.openedMs - a.about.openedMs)
      .map(({ key, remembered, about: { folder, relayUrl } }) => {
        const inFolder = folder === undefined || folder === '' ? undefined : folder;
        const name = nameOf(remembered) ?? (inFolder && basename(inFolder)) ?? `Room ${key.slice(0, 8)}`;
        return { key, name, place: inFolder ?? (URL.canParse(relayUrl) ? new URL(relayUrl).host : relayUrl) };
      });
  }

  /** One of them. */
  async read(key: string): Promise<StoredRoom> {
    return this.describe(key, (await this.readFiles(key)).get(key), this.remembered(key));
  }

  /**
   * Removes all that this device keeps of a room that is closed, but for the folder. With edits that the relay does not
   * have it refuses, unless `evenUnsent`.
   */
  async forget(key: string, evenUnsent: boolean): Promise<Outcome<boolean>> {
    const outcome = await this.options.leases.whileClosed(key, () => this.remove(key, evenUnsent));
    return outcome ?? { ok: false, explanation: 'The room is open in another window. Leave it there first.' };
  }

  /**
   * Drops rooms until all of them take at most `maxBytes`, the one that was opened the longest time ago first: rooms of
   * others that are closed, that the relay has wholly and that no folder mirrors. They stay listed and come again.
   */
  async trim(maxBytes: number): Promise<void> {
    const rooms = (await this.list()).toReversed();
    let sizeBytes = rooms.reduce((sum, room) => sum + (room.sizeBytes ?? 0), 0);
    for (const room of rooms) {
      if (sizeBytes <= maxBytes) return;
      const isKept = room.isOpen || room.isOwner || !room.canOpen || room.folder !== undefined;
      if (isKept || room.unsentDocuments !== 0) continue;
      await this.options.leases.whileClosed(room.key, async () => {
        const files = (await this.readFiles(room.key)).get(room.key);
        if (this.countUnsent(room.key, files) !== 0) return;
        for (const path of files?.paths ?? []) await rm(path, { force: true, recursive: true });
        sizeBytes -= files?.sizeBytes ?? 0;
      });
    }
  }

  private async remove(key: string, evenUnsent: boolean): Promise<Outcome<boolean>> {
    const files = (await this.readFiles()).get(key);
    const unsent = this.countUnsent(key, files);
    if (!evenUnsent && unsent !== 0) {
      const what = unsent === undefined ? 'It cannot be read whether' : `${unsent} of its files have edits that`;
      return { ok: false, explanation: `${what} the relay does not have. They would be lost.` };
    }
    try {
      for (const path of files?.paths ?? []) await rm(path, { force: true, recursive: true });
    } catch (error) {
      const reason = errorMessage(error);
      return { ok: false, explanation: `The room's files could not all be removed: ${reason}` };
    }
    this.forgetNotes(key);
    return { ok: true, value: true };
  }

  private forgetNotes(key: string): void {
    const { known } = this.options;
    const remembered = this.remembered(key);
    if (remembered?.kind === 'folder') known.forgetFolder(remembered.found.folder);
    if (remembered?.kind === 'joined') known.joined.forget(remembered.joined.relayUrl, remembered.joined.room);
    const room = key.slice(0, key.lastIndexOf('-'));
    for (const texts of [known.linkSecrets, known.lastTokens, known.proposals]) texts.forgetRoom(room);
  }

  private async describe(
    key: string,
    files: RoomFilesOnDisk | undefined,
    remembered: RememberedRoom | undefined,
  ): Promise<StoredRoom> {
    const isFolder = remembered?.kind === 'folder';
    const about = remembered && aboutOf(remembered);
    return {
      key,
      name: nameOf(remembered),
      relayUrl: about?.relayUrl,
      folder: about?.folder === '' ? undefined : about?.folder,
      sizeBytes: files?.sizeBytes ?? 0,
      unsentDocuments: this.countUnsent(key, files),
      openedMs: about?.openedMs ?? files?.changedMs ?? 0,
      isOpen: this.options.leases.isOpen(key),
      isOwner: isFolder,
      canOpen: remembered !== undefined,
    };
  }

  /** Undefined when it cannot be told. */
  private countUnsent(key: string, files: RoomFilesOnDisk | undefined): number | undefined {
    const host = this.options.leases.find(key);
    if (host) return host.unsentDocuments;
    return files?.paths.includes(this.pathOf(key)) ? countUnsent(this.pathOf(key)) : 0;
  }

  private rememberedByKey(): Map<string, RememberedRoom> {
    const { known, relayKeyOf } = this.options;
    const byKey = new Map<string, RememberedRoom>();
    const keyOf = (relayUrl: string, room: string) => StoredRooms.keyOf({ relayKey: relayKeyOf(relayUrl, room), room });
    for (const joined of known.joined.list())
      byKey.set(keyOf(joined.relayUrl, joined.room), { kind: 'joined', joined });
    for (const found of known.listFolderRooms())
      byKey.set(keyOf(found.relayUrl, found.room), { kind: 'folder', found });
    return byKey;
  }

  private async readFiles(only?: string): Promise<Map<string, RoomFilesOnDisk>> {
    const rooms = new Map<string, RoomFilesOnDisk>();
    const names = await readdir(this.folder).catch(() => []);
    for (const name of names) {
      const key = FILE_NAME.exec(name)?.[1];
      if (key === undefined || (only !== undefined && key !== only)) continue;
      const path = join(this.folder, name);
      const found = await stat(path).catch(() => undefined);
      if (!found) continue;
      const room = rooms.get(key) ?? { paths: [], sizeBytes: 0, changedMs: 0 };
      room.paths.push(path);
      room.sizeBytes += found.isFile() ? found.size : await sizeOfBlobs(path);
      room.changedMs = Math.max(room.changedMs, found.mtimeMs);
      rooms.set(key, room);
    }
    return rooms;
  }
}

function aboutOf(remembered: RememberedRoom): FolderRoom | JoinedRoom {
  return remembered.kind === 'folder' ? remembered.found : remembered.joined;
}

/** Undefined when nothing is remembered, or the folder says it. */
function nameOf(remembered: RememberedRoom | undefined): string | undefined {
  if (remembered?.kind === 'joined') return remembered.joined.name;
  return remembered?.found.folder === '' ? 'Untitled room' : undefined;
}
