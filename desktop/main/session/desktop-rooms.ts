import { randomBytes } from 'node:crypto';
import { mkdir, realpath, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { formatShareLink, parseShareLink, type ShareLink } from '../../../shared/access/index.ts';
import { DisposableStore, Emitter, reportUnexpectedError, systemScheduler } from '../../../shared/lifecycle/index.ts';
import {
  type ApprovalWait,
  type NudgeReason,
  type ProposalLedger,
  type TokenResult,
  WakeWatch,
} from '../../../shared/sync/index.ts';
import type { Outcome, ProblemReport, StoredRoom } from '../../ipc/index.ts';
import { NetworkWatch } from '../network-watch.ts';
import { KnownRooms, type KnownRoom } from '../store/known-rooms.ts';
import type { SecretSeal } from '../store/secret-seal.ts';
import { toOfflineStoreError } from '../store/sqlite-failure.ts';
import { refuseOwnFiles, refuseTakenFolder } from '../workspace/mirror-folder.ts';
import { toWorkspaceError } from '../workspace/workspace-error.ts';
import { KeptTokenSource } from './kept-tokens.ts';
import { openRoomStorage, type RoomStorage } from './room-storage.ts';
import { postJson } from './relay-api.ts';
import {
  listMirrorFolders,
  type MirroredRoom,
  type MirrorSurroundings,
  mirrorSurroundings,
} from './mirror-surroundings.ts';
import { LastOpen } from './last-open.ts';
import { RoomHost } from './room-host.ts';
import { type RoomLease, RoomLeases } from './room-leases.ts';
import { type RecentRoom, StoredRooms } from './stored-rooms.ts';
import { isLoopback } from './is-loopback.ts';
import { describeLostList } from './lost-list.ts';
import { pathExists } from './path-exists.ts';

export type { RoomLease } from './room-leases.ts';

export interface DesktopRoomsOptions {
  /** Everything that this device keeps lies in it. */
  readonly dataFolder: string;
  /** Where new rooms are made, without a trailing slash. */
  readonly relayUrl: string;
  /** Lets this app make rooms there. */
  readonly operatorToken: string | undefined;
  readonly seal: SecretSeal | undefined;
  /** What all rooms together may take of the disk, as far as the relay has them; 2 GiB if not given. */
  readonly maxStoredBytes?: number;
  /** Nobody can be asked anything, as without a window; false unless given. */
  readonly takesRoomFiles?: boolean;
}

/** A stored room does not wait longer to hear that its link is refused. */
const REFUSAL_WAIT_MS = 250;
const MAX_STORED_BYTES = 2 * 1024 * 1024 * 1024;
const NAME_SETTING = 'person-name';
/** Stands for "no folder" where rooms are remembered by folder. */
const SCRATCH = '';
/** Stands for the relay that this app runs, whatever port it listens on. */
const EMBEDDED = 'embedded';

/** The rooms that are open on this device, each once, and those that it remembers. */
export class DesktopRooms {
  private readonly options: DesktopRoomsOptions;
  private readonly known: KnownRooms;
  private readonly disposables = new DisposableStore();
  private readonly recentChanged = this.disposables.add(new Emitter<readonly string[]>());
  private readonly lastOpen: LastOpen;
  private readonly leases = new RoomLeases();
  private readonly stored: StoredRooms;
  private trimming = Promise.resolve();
  private isClosing = false;

  /** Fires with {@link recentFolders} when these or {@link listRecent} have changed. */
  readonly onDidChangeRecentFolders = this.recentChanged.event;
  /** Fires with every room that was not open before. */
  readonly onDidOpenRoom = this.leases.onDidOpen;

  /** Throws OfflineStoreError when the data folder cannot be used. */
  static async open(options: DesktopRoomsOptions): Promise<DesktopRooms> {
    try {
      await mkdir(options.dataFolder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw toOfflineStoreError(error, options.dataFolder);
    }
    return new DesktopRooms(options);
  }

  private constructor(options: DesktopRoomsOptions) {
    this.options = options;
    this.known = new KnownRooms(join(options.dataFolder, 'tutti.sqlite'), options.seal, Date.now());
    const { known, leases } = this;
    const relayKeyOf = (relayUrl: string, room: string) => this.relayKeyOf(relayUrl, room);
    this.disposables.add(leases.onDidClose(() => this.trim()));
    this.lastOpen = new LastOpen(known);
    this.stored = new StoredRooms({ dataFolder: options.dataFolder, known, leases, relayKeyOf });
    this.disposables.add(new WakeWatch(systemScheduler, () => this.nudge('woke')));
    this.disposables.add(new NetworkWatch(systemScheduler, () => this.nudge('network-changed')));
  }

  /** The connections of all rooms may have died or may be possible again. `asleepMs`: how long the device slept. */
  nudge(reason: NudgeReason, asleepMs = 0): void {
    for (const host of this.leases.hosts) host.nudge(reason, asleepMs);
  }

  get recentFolders(): readonly string[] {
    return this.known.listRecent();
  }

  /** What whoever starts the app has to know of its data; undefined when all is well. */
  get startProblem(): ProblemReport | undefined {
    const { setAsidePath } = this.known;
    return setAsidePath === undefined ? undefined : describeLostList(setAsidePath);
  }

  get personName(): string {
    return this.known.readSetting(NAME_SETTING) ?? userInfo().username;
  }

  setPersonName(name: string): void {
    this.known.writeSetting(NAME_SETTING, name);
  }

  /** Opens a folder in its room, which is made when the folder has none. Works without a relay. */
  async openFolder(path: string): Promise<Outcome<RoomLease>> {
    let folder: string;
    try {
      folder = await realpath(path);
      if (!(await stat(folder)).isDirectory()) {
        return { ok: false, explanation: `${path} is a file. Open the folder that holds it.` };
      }
      await refuseOwnFiles(folder, this.options.dataFolder);
      if (this.known.find(folder).kind === 'none') await refuseTakenFolder(folder, listMirrorFolders(this.known));
    } catch (error) {
      return { ok: false, explanation: toWorkspaceError(error, path, 'open-folder').message };
    }
    return this.openOwned(folder);
  }

  /** Opens this device's room without a folder. */
  openScratchRoom(): Promise<Outcome<RoomLease>> {
    return this.openOwned(SCRATCH);
  }

  /**
   * Joins the room of a link under `name`. A room that this device has opens at once, with or without its relay, unless
   * the relay refuses the link just then. Where an owner has to let the person in, it waits for that by `wait`.
   */
  async join(link: string, name: string, wait?: ApprovalWait): Promise<Outcome<RoomLease>> {
    const parsed = parseShareLink(link);
    if (!parsed.ok) return parsed;
    const personName = name.trim();
    if (personName === '') return { ok: false, explanation: 'Enter a name, so that the others know who you are.' };
    const own = this.findOwn(parsed.link);
    if (own !== undefined) return this.openOwned(own);
    const tokens = this.tokensOf(parsed.link, personName, wait);
    const joining = tokens.join();
    const isStored = await pathExists(this.pathOf(parsed.link));
    const trial = await (isStored ? Promise.race([joining, delay(REFUSAL_WAIT_MS, undefined)]) : joining);
    if (trial?.kind === 'permanent' || (trial?.kind === 'transient' && !isStored)) {
      return { ok: false, explanation: trial.explanation };
    }
    this.setPersonName(personName);
    return this.leaseJoined(parsed.link, tokens, joining);
  }

  /** What can be opened without a link, the last one opened first; nothing is read for it but the list of rooms. */
  listRecent(): readonly RecentRoom[] {
    return this.stored.listRecent();
  }

  /** Notes what the windows show, by the keys of {@link keyOfOpen}, for {@link roomsToReopen} of the next start. */
  noteShown(keys: readonly string[]): void {
    if (!this.isClosing) this.lastOpen.note(keys);
  }

  /** Keys of the rooms that the windows showed last. */
  get roomsToReopen(): readonly string[] {
    return this.lastOpen.list().filter((key) => this.stored.remembered(key) !== undefined);
  }

  /** Key of an open room, as {@link listStored} has it. */
  keyOfOpen(host: RoomHost): string | undefined {
    return this.leases.keyOf(host);
  }

  /** What this device keeps, the last one opened first. */
  listStored(): Promise<readonly StoredRoom[]> {
    return this.stored.list();
  }

  /** What this device keeps of an open room. */
  async describeStored(host: RoomHost): Promise<StoredRoom | undefined> {
    const key = this.keyOfOpen(host);
    return key === undefined ? undefined : this.stored.read(key);
  }

  /** Opens a room of {@link listStored}, with or without its relay. */
  async openStored(key: string): Promise<Outcome<RoomLease>> {
    const remembered = this.stored.remembered(key);
    if (!remembered) {
      return { ok: false, explanation: 'Tutti has no link to this room any more. Open it with a link once.' };
    }
    if (remembered.kind === 'folder') return this.openOwned(remembered.found.folder);
    const { relayUrl, room, secret } = remembered.joined;
    if (secret === undefined) return this.openJoinedWithoutKey(relayUrl, room);
    const link = { relayUrl, room, secret };
    if (!(await pathExists(this.pathOf(link)))) return this.join(formatShareLink(link), this.personName);
    // Refused or not, what this device has of it is shown.
    const tokens = this.tokensOf(link, this.personName);
    return this.leaseJoined(link, tokens, tokens.join());
  }

  /** Key of the room of a link, for {@link openStored}, when this device joined it before. */
  keyOfJoined(link: string): string | undefined {
    const parsed = parseShareLink(link);
    if (!parsed.ok) return undefined;
    const { relayUrl, room } = parsed.link;
    const key = this.keyOf(relayUrl, room);
    return this.stored.remembered(key)?.kind === 'joined' ? key : undefined;
  }

  private trim(): void {
    if (this.isClosing) return;
    const maxBytes = this.options.maxStoredBytes ?? MAX_STORED_BYTES;
    this.trimming = this.trimming.then(() => this.stored.trim(maxBytes)).catch(reportUnexpectedError);
  }

  /** The open room with a key of {@link listStored}. */
  findOpen(key: string): RoomHost | undefined {
    return this.leases.find(key);
  }

  /** Keeps an open room open for one more. */
  leaseAgain(host: RoomHost): Outcome<RoomLease> {
    return this.leases.leaseAgain(host);
  }

  /** Removes what this device keeps of a closed room; see {@link StoredRooms.forget}. */
  async forgetStored(key: string, evenUnsent: boolean): Promise<Outcome<boolean>> {
    const outcome = await this.stored.forget(key, evenUnsent);
    this.recentChanged.fire(this.recentFolders);
    return outcome;
  }

  /** Closes every room; resolves when all is stored. */
  async close(): Promise<void> {
    this.isClosing = true;
    await this.leases.close();
    await this.trimming;
    this.disposables.dispose();
    this.known.close();
  }

  private async openOwned(folder: string): Promise<Outcome<RoomLease>> {
    const found = this.known.find(folder);
    if (found.kind === 'sealed') return this.openWithoutKey(folder, found);
    const room: KnownRoom =
      found.kind === 'known'
        ? found.known
        : {
            relayUrl: this.options.relayUrl,
            room: randomBytes(16).toString('base64url'),
            ownerSecret: randomBytes(32).toString('base64url'),
          };
    const { reached, isEmbedded, key } = this.place(room);
    // The embedded relay keeps its own key beside this, open to the same account: sealing would only shut out a start
    // without a window, which has no key store.
    this.known.remember(folder, reached, { nowMs: Date.now(), isSealed: !isEmbedded });
    this.recentChanged.fire(this.recentFolders);
    const outcome = await this.leaseOwned(folder, key, reached, undefined);
    if (!outcome.ok && found.kind === 'none' && !this.leases.isOpen(key)) {
      // There is no such room: what lies in the folder, or holds it, is not to be refused for it later.
      this.known.forgetFolder(folder);
      this.recentChanged.fire(this.recentFolders);
    }
    return outcome;
  }

  /** The secret of its owner cannot be read: the room opens from what this device has of it, and stays offline. */
  private async openWithoutKey(
    folder: string,
    room: { readonly relayUrl: string; readonly room: string },
  ): Promise<Outcome<RoomLease>> {
    const { reached, key } = this.place(room);
    const whose = folder === SCRATCH ? 'your own room' : `the room of ${folder}`;
    const explanation = `The key to ${whose} is sealed by the key store of this computer, which cannot be read now. Open it in the window of Tutti, signed in as usual, or join it with a link.`;
    if (!(await pathExists(this.stored.pathOf(key)))) return { ok: false, explanation };
    this.known.touch(folder, Date.now());
    this.recentChanged.fire(this.recentFolders);
    return this.leaseOwned(folder, key, { ...reached, ownerSecret: '' }, explanation);
  }

  private place<T extends { readonly relayUrl: string; readonly room: string }>(room: T) {
    // The embedded relay may listen on another port today.
    const isEmbedded = isLoopback(room.relayUrl) && isLoopback(this.options.relayUrl);
    const reached = isEmbedded ? { ...room, relayUrl: this.options.relayUrl } : room;
    const relayKey = isEmbedded ? EMBEDDED : room.relayUrl;
    return { reached, isEmbedded, key: StoredRooms.keyOf({ relayKey, room: room.room }) };
  }

  private leaseOwned(
    folder: string,
    key: string,
    room: KnownRoom,
    offlineReason: string | undefined,
  ): Promise<Outcome<RoomLease>> {
    const folderPath = folder === SCRATCH ? undefined : folder;
    return this.leases.lease(key, async () => {
      // The relay has let this device in: it has the room, so that a file without anything is no new one.
      const isKnown = this.known.lastTokens.list(room.room).size > 0;
      const storage = await openRoomStorage(this.stored.pathOf(key), { folder: folderPath, isKnown });
      return this.createOwnHost(storage, room, folderPath, offlineReason);
    });
  }

  private createOwnHost(
    storage: RoomStorage,
    room: KnownRoom,
    folder: string | undefined,
    offlineReason: string | undefined,
  ): RoomHost {
    const { personName } = this;
    const { lastTokens } = this.known;
    const { relayUrl, room: id, ownerSecret: secret } = room;
    return new RoomHost({
      relayUrl,
      room: id,
      secret,
      tokens: new KeptTokenSource({ relayUrl, room: id, secret }, personName, { post: postJson, lastTokens }),
      isOwner: true,
      operatorToken: this.options.operatorToken,
      linkSecrets: this.known.linkSecrets,
      proposalLedger: this.ledgerOf(id),
      storage,
      folderPath: folder,
      surroundings: this.surroundingsOf({ relayUrl, room: id, isJoined: false, ownFolder: folder }),
      offlineReason,
    });
  }

  private surroundingsOf(room: MirroredRoom): MirrorSurroundings {
    const { dataFolder, takesRoomFiles = false } = this.options;
    return mirrorSurroundings({ ...room, known: this.known, dataFolder, takesRoomFiles });
  }

  private ledgerOf(room: string): ProposalLedger {
    const { proposals } = this.known;
    return {
      has: (key) => proposals.find(room, key) !== undefined,
      add: (key) => proposals.remember(room, key, 'sent'),
    };
  }

  /** The folder of the room of a link, when this device made the room and can read its key: both ways open one engine. */
  private findOwn({ relayUrl, room }: ShareLink): string | undefined {
    const owned = this.known.listFolderRooms().find((candidate) => candidate.room === room);
    if (!owned || this.relayKeyOf(owned.relayUrl, room) !== this.relayKeyOf(relayUrl, room)) return undefined;
    return this.known.find(owned.folder).kind === 'known' ? owned.folder : undefined;
  }

  // Guests may be on other relays of this device; a room that was made here is on the embedded one.
  private relayKeyOf(relayUrl: string, room: string): string {
    const isEmbedded = isLoopback(relayUrl) && isLoopback(this.options.relayUrl);
    const isOwn = isEmbedded && this.known.listFolderRooms().some((owned) => owned.room === room);
    return isOwn ? EMBEDDED : relayUrl;
  }

  private keyOf(relayUrl: string, room: string): string {
    return StoredRooms.keyOf({ relayKey: this.relayKeyOf(relayUrl, room), room });
  }

  private pathOf({ relayUrl, room }: ShareLink): string {
    return this.stored.pathOf(this.keyOf(relayUrl, room));
  }

  private tokensOf(link: ShareLink, personName: string, wait?: ApprovalWait): KeptTokenSource {
    const post = wait?.wrap(postJson) ?? postJson;
    return new KeptTokenSource(link, personName, { post, lastTokens: this.known.lastTokens });
  }

  private leaseJoined(
    link: ShareLink,
    tokens: KeptTokenSource,
    joining: Promise<TokenResult>,
  ): Promise<Outcome<RoomLease>> {
    const { relayUrl, room, secret } = link;
    this.known.joined.remember(relayUrl, room, secret, Date.now());
    this.recentChanged.fire(this.recentFolders);
    return this.holdJoined({ link, tokens, joining, offlineReason: undefined });
  }

  /** The secret of its link cannot be read: the room opens from what this device has of it, and stays offline. */
  private openJoinedWithoutKey(relayUrl: string, room: string): Promise<Outcome<RoomLease>> {
    const offlineReason =
      'The link to this room is sealed by the key store of this computer, which cannot be read now. Open it in the window of Tutti, signed in as usual, or join it with a link.';
    const link = { relayUrl, room, secret: '' };
    return this.holdJoined({ link, tokens: this.tokensOf(link, this.personName), joining: undefined, offlineReason });
  }

  private holdJoined({ link, tokens, joining, offlineReason }: JoinedOpening): Promise<Outcome<RoomLease>> {
    const { relayUrl, room, secret } = link;
    const { joined, linkSecrets } = this.known;
    const key = this.keyOf(relayUrl, room);
    return this.leases.lease(
      key,
      async () =>
        new RoomHost({
          relayUrl,
          room,
          secret,
          tokens,
          joining,
          isOwner: false,
          operatorToken: undefined,
          linkSecrets,
          proposalLedger: this.ledgerOf(room),
          onOnline: (description) => {
            joined.describe(relayUrl, room, description);
            this.recentChanged.fire(this.recentFolders);
          },
          storage: await openRoomStorage(this.stored.pathOf(key)),
          folderPath: undefined,
          surroundings: this.surroundingsOf({ relayUrl, room, isJoined: true, ownFolder: undefined }),
          offlineReason,
        }),
    );
  }
}

interface JoinedOpening {
  readonly link: ShareLink;
  readonly tokens: KeptTokenSource;
  /** The first trade of the link, which is under way. */
  readonly joining: Promise<TokenResult> | undefined;
  readonly offlineReason: string | undefined;
}
