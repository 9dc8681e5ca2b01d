import { formatAppLink, formatShareLink } from '../../access/index.ts';
import type { RequestOutcome } from '../relay-requests.ts';
import type { LinkForms, ListedRoomLink, NewRoomLink } from './records.ts';
import type { RoomAdministration } from './room-administration.ts';

/** Keeps the secrets of the links that this device has made; the relay tells each only once. */
export interface LinkSecrets {
  remember(room: string, linkId: string, secret: string): void;
  /** Undefined when there is none, or when it cannot be read. */
  find(room: string, linkId: string): string | undefined;
  /** Ids of the room's links whose secrets can be read. */
  list(room: string): ReadonlySet<string>;
  forget(room: string, linkId: string): void;
}

export interface RoomLinksOptions {
  readonly relayUrl: string;
  readonly room: string;
  readonly administration: RoomAdministration;
  readonly secrets: LinkSecrets;
}

/** The share links of one room, with what this device knows of them. */
export class RoomLinks {
  private readonly options: RoomLinksOptions;

  constructor(options: RoomLinksOptions) {
    this.options = options;
  }

  async create(link: NewRoomLink): Promise<RequestOutcome<LinkForms>> {
    const { administration, secrets, room } = this.options;
    const made = await administration.createLink(link);
    if (!made.ok) return made;
    const { linkId, secret } = made.value;
    secrets.remember(room, linkId, secret);
    return { ok: true, value: this.formsOf(secret) };
  }

  /** Newest first. */
  async list(): Promise<RequestOutcome<readonly ListedRoomLink[]>> {
    const { administration, secrets, room } = this.options;
    const listed = await administration.listLinks();
    if (!listed.ok) return listed;
    const own = secrets.list(room);
    for (const { linkId, revokedAtMs } of listed.value) {
      if (revokedAtMs !== undefined && own.has(linkId)) secrets.forget(room, linkId);
    }
    const value = listed.value.map((link) => ({
      ...link,
      isCopyable: own.has(link.linkId) && link.revokedAtMs === undefined && link.closedAtMs === undefined,
    }));
    return { ok: true, value };
  }

  /** Both forms of a link that this device has made. */
  read(linkId: string): RequestOutcome<LinkForms> {
    const secret = this.options.secrets.find(this.options.room, linkId);
    if (secret !== undefined) return { ok: true, value: this.formsOf(secret) };
    const explanation = 'Only the device that made a link can copy it again. Make a new one.';
    return { ok: false, explanation, isTransient: false };
  }

  private formsOf(secret: string): LinkForms {
    const { relayUrl, room } = this.options;
    return { url: formatShareLink({ relayUrl, room, secret }), appUrl: formatAppLink({ relayUrl, room, secret }) };
  }
}

/** Secrets that are forgotten with the page. */
export class MemoryLinkSecrets implements LinkSecrets {
  private readonly rooms = new Map<string, Map<string, string>>();

  remember(room: string, linkId: string, secret: string): void {
    this.rooms.set(room, new Map(this.rooms.get(room)).set(linkId, secret));
  }

  find(room: string, linkId: string): string | undefined {
    return this.rooms.get(room)?.get(linkId);
  }

  list(room: string): ReadonlySet<string> {
    return new Set(this.rooms.get(room)?.keys());
  }

  forget(room: string, linkId: string): void {
    this.rooms.get(room)?.delete(linkId);
  }
}
