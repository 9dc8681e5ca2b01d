import { setTimeout as delay } from 'node:timers/promises';
import type { ShareLink } from '../../../shared/access/index.ts';
import type { ApprovalWait, TokenResult } from '../../../shared/sync/index.ts';
import type { Outcome } from '../../ipc/index.ts';
import type { JoinedRoom } from '../store/joined-rooms.ts';
import type { KeptTokenSource } from './kept-tokens.ts';
import { pathExists } from './path-exists.ts';
import type { RoomDevice } from './room-device.ts';
import { RoomHost } from './room-host.ts';
import type { RoomLease } from './room-leases.ts';
import { openRoomStorage } from './room-storage.ts';

/** A stored room does not wait longer to hear that its link is refused. */
const REFUSAL_WAIT_MS = 250;

interface JoinedOpening {
  readonly link: ShareLink;
  readonly tokens: KeptTokenSource;
  /** The first trade of the link, which is under way. */
  readonly joining: Promise<TokenResult> | undefined;
  readonly offlineReason: string | undefined;
}

/** The rooms of others, which this device joins by a link. */
export class LinkRooms {
  private readonly device: RoomDevice;

  constructor(device: RoomDevice) {
    this.device = device;
  }

  /**
   * Joins the room of a link under `name`. A room that this device has opens at once, with or without its relay, unless
   * the relay refuses the link just then. Where an owner has to let the person in, it waits for that by `wait`.
   */
  async join(link: ShareLink, name: string, wait?: ApprovalWait): Promise<Outcome<RoomLease>> {
    const personName = name.trim();
    if (personName === '') return { ok: false, explanation: 'Enter a name, so that the others know who you are.' };
    const tokens = this.device.tokensOf(link, personName, wait);
    const joining = tokens.join();
    const isStored = await this.isStored(link);
    const trial = await (isStored ? Promise.race([joining, delay(REFUSAL_WAIT_MS, undefined)]) : joining);
    if (trial?.kind === 'permanent' || (trial?.kind === 'transient' && !isStored)) {
      return { ok: false, explanation: trial.explanation };
    }
    this.device.setPersonName(personName);
    return this.lease(link, tokens, joining);
  }

  /** Opens a room that was joined before, with or without its relay. */
  async open({ relayUrl, room, secret }: JoinedRoom): Promise<Outcome<RoomLease>> {
    if (secret === undefined) return this.openWithoutKey(relayUrl, room);
    const link = { relayUrl, room, secret };
    const { personName } = this.device;
    if (!(await this.isStored(link))) return this.join(link, personName);
    // Refused or not, what this device has of it is shown.
    const tokens = this.device.tokensOf(link, personName);
    return this.lease(link, tokens, tokens.join());
  }

  private isStored(link: ShareLink): Promise<boolean> {
    const { stored, keys } = this.device;
    return pathExists(stored.pathOf(keys.keyOf(link)));
  }

  private lease(link: ShareLink, tokens: KeptTokenSource, joining: Promise<TokenResult>): Promise<Outcome<RoomLease>> {
    const { relayUrl, room, secret } = link;
    this.device.known.joined.remember(relayUrl, room, secret, Date.now());
    this.device.noteRecent();
    return this.hold({ link, tokens, joining, offlineReason: undefined });
  }

  /** The secret of its link cannot be read: the room opens from what this device has of it, and stays offline. */
  private openWithoutKey(relayUrl: string, room: string): Promise<Outcome<RoomLease>> {
    const offlineReason =
      'The link to this room is sealed by the key store of this computer, which cannot be read now. Open it in the window of Tutti, signed in as usual, or join it with a link.';
    const link = { relayUrl, room, secret: '' };
    const tokens = this.device.tokensOf(link, this.device.personName);
    return this.hold({ link, tokens, joining: undefined, offlineReason });
  }

  private hold({ link, tokens, joining, offlineReason }: JoinedOpening): Promise<Outcome<RoomLease>> {
    const { relayUrl, room, secret } = link;
    const { known, keys, leases, stored } = this.device;
    const key = keys.keyOf(link);
    return leases.lease(
      key,
      async () =>
        new RoomHost({
          ...this.device.hostOptions({ relayUrl, room, isJoined: true, ownFolder: undefined }),
          relayUrl,
          room,
          secret,
          tokens,
          joining,
          isOwner: false,
          operatorToken: undefined,
          onOnline: (description) => {
            known.joined.describe(relayUrl, room, description);
            this.device.noteRecent();
          },
          storage: await openRoomStorage(stored.pathOf(key)),
          folderPath: undefined,
          offlineReason,
        }),
    );
  }
}
