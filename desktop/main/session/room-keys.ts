import type { KnownRooms } from '../store/known-rooms.ts';
import { isLoopback } from './is-loopback.ts';
import { StoredRooms } from './stored-rooms.ts';

/** Stands for the relay that this app runs, whatever port it listens on. */
const EMBEDDED = 'embedded';

/** Where a room is, and what it is called on a device. */
export interface RoomAddress {
  /** Without a trailing slash. */
  readonly relayUrl: string;
  readonly room: string;
}

/** A room of this device as it is reached today. */
export interface ReachedRoom<T extends RoomAddress> {
  readonly reached: T;
  /** It is on the relay that this app runs. */
  readonly isEmbedded: boolean;
  readonly key: string;
}

/** The keys under which this device keeps its rooms: one for each room, whatever port its relay listens on. */
export class RoomKeys {
  private readonly known: KnownRooms;
  private readonly relayUrl: string;

  /** `relayUrl` is that of the relay where this device makes rooms. */
  constructor(known: KnownRooms, relayUrl: string) {
    this.known = known;
    this.relayUrl = relayUrl;
  }

  /** Key of a room that this device made or joined. */
  keyOf({ relayUrl, room }: RoomAddress): string {
    return StoredRooms.keyOf({ relayKey: this.relayKeyOf(relayUrl, room), room });
  }

  /** Tells the relay of a room from others. */
  relayKeyOf(relayUrl: string, room: string): string {
    // Guests may be on other relays of this device; a room that was made here is on the embedded one.
    const isOwn = this.isEmbedded(relayUrl) && this.known.listFolderRooms().some((owned) => owned.room === room);
    return isOwn ? EMBEDDED : relayUrl;
  }

  /** Where a room that this device made is now. */
  place<T extends RoomAddress>(room: T): ReachedRoom<T> {
    // The embedded relay may listen on another port today.
    const isEmbedded = this.isEmbedded(room.relayUrl);
    const reached = isEmbedded ? { ...room, relayUrl: this.relayUrl } : room;
    const relayKey = isEmbedded ? EMBEDDED : room.relayUrl;
    return { reached, isEmbedded, key: StoredRooms.keyOf({ relayKey, room: room.room }) };
  }

  private isEmbedded(relayUrl: string): boolean {
    return isLoopback(relayUrl) && isLoopback(this.relayUrl);
  }
}
