import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { ShareLink } from '../../../shared/access/index.ts';
import { type Disposable, DisposableStore, Emitter } from '../../../shared/lifecycle/index.ts';
import type { ApprovalWait, ProposalLedger } from '../../../shared/sync/index.ts';
import { KnownRooms } from '../store/known-rooms.ts';
import type { SecretSeal } from '../store/secret-seal.ts';
import { KeptTokenSource } from './kept-tokens.ts';
import { type MirroredRoom, mirrorSurroundings } from './mirror-surroundings.ts';
import { postJson } from './relay-api.ts';
import type { RoomHostOptions } from './room-host.ts';
import { RoomKeys } from './room-keys.ts';
import { RoomLeases } from './room-leases.ts';
import { StoredRooms } from './stored-rooms.ts';

export interface RoomDeviceOptions {
  /** Everything that this device keeps lies in it. */
  readonly dataFolder: string;
  /** Where new rooms are made, without a trailing slash. */
  readonly relayUrl: string;
  /** Lets this app make rooms there. */
  readonly operatorToken: string | undefined;
  readonly seal: SecretSeal | undefined;
  /** Nobody can be asked anything, as without a window; false unless given. */
  readonly takesRoomFiles?: boolean;
}

const NAME_SETTING = 'person-name';

/** What all rooms of this device share: what is remembered and kept of them, which are open, and who the person is. */
export class RoomDevice implements Disposable {
  readonly options: RoomDeviceOptions;
  readonly known: KnownRooms;
  readonly keys: RoomKeys;
  readonly leases = new RoomLeases();
  readonly stored: StoredRooms;
  private readonly disposables = new DisposableStore();
  private readonly recentChanged = this.disposables.add(new Emitter<readonly string[]>());

  /** Fires with the folders that were opened last when what is remembered has changed. */
  readonly onDidChangeRecent = this.recentChanged.event;

  /** Throws OfflineStoreError when the data folder cannot be used. */
  constructor(options: RoomDeviceOptions) {
    this.options = options;
    this.known = new KnownRooms(join(options.dataFolder, 'tutti.sqlite'), options.seal, Date.now());
    const { known, leases } = this;
    const keys = new RoomKeys(known, options.relayUrl);
    this.keys = keys;
    const relayKeyOf = (relayUrl: string, room: string) => keys.relayKeyOf(relayUrl, room);
    this.stored = new StoredRooms({ dataFolder: options.dataFolder, known, leases, relayKeyOf });
  }

  get personName(): string {
    return this.known.readSetting(NAME_SETTING) ?? userInfo().username;
  }

  setPersonName(name: string): void {
    this.known.writeSetting(NAME_SETTING, name);
  }

  /** Something of what is remembered has changed. */
  noteRecent(): void {
    this.recentChanged.fire(this.known.listRecent());
  }

  /** Trades a link under this name, and stays the same person to its relay; an owner's yes is awaited by `wait`. */
  tokensOf(link: ShareLink, personName: string, wait?: ApprovalWait): KeptTokenSource {
    const post = wait?.wrap(postJson) ?? postJson;
    return new KeptTokenSource(link, personName, { post, lastTokens: this.known.lastTokens });
  }

  /** What an open room has of this device. */
  hostOptions(room: MirroredRoom): Pick<RoomHostOptions, 'linkSecrets' | 'proposalLedger' | 'surroundings'> {
    const { known } = this;
    const { dataFolder, takesRoomFiles = false } = this.options;
    return {
      linkSecrets: known.linkSecrets,
      proposalLedger: this.ledgerOf(room.room),
      surroundings: mirrorSurroundings({ ...room, known, dataFolder, takesRoomFiles }),
    };
  }

  /** Every room is closed. */
  dispose(): void {
    this.disposables.dispose();
    this.known.close();
  }

  private ledgerOf(room: string): ProposalLedger {
    const { proposals } = this.known;
    return {
      has: (key) => proposals.find(room, key) !== undefined,
      add: (key) => proposals.remember(room, key, 'sent'),
    };
  }
}
