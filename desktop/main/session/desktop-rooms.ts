import { createHash, randomBytes } from 'node:crypto';
import { mkdir, realpath, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { parseShareLink } from '../../../shared/access/index.ts';
import {
  type Disposable,
  DisposableStore,
  Emitter,
  reportUnexpectedError,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import type { ApprovalWait, ProposalLedger } from '../../../shared/sync/index.ts';
import type { Outcome } from '../../ipc/index.ts';
import { KnownRooms, type KnownRoom } from '../store/known-rooms.ts';
import type { SecretSeal } from '../store/secret-seal.ts';
import { toOfflineStoreError } from '../store/sqlite-failure.ts';
import { toWorkspaceError } from '../workspace/workspace-error.ts';
import { KeptTokenSource } from './kept-tokens.ts';
import { openRoomStorage, type RoomStorage } from './room-storage.ts';
import { postJson } from './relay-api.ts';
import { RoomHost } from './room-host.ts';

export interface DesktopRoomsOptions {
  /** Everything that this device keeps lies in it. */
  readonly dataFolder: string;
  /** Where new rooms are made, without a trailing slash. */
  readonly relayUrl: string;
  /** Lets this app make rooms there. */
  readonly operatorToken: string | undefined;
  readonly seal: SecretSeal | undefined;
}

/** Keeps a room open; the last one to be disposed closes it. */
export interface RoomLease extends Disposable {
  readonly host: RoomHost;
}

interface HeldRoom {
  readonly host: RoomHost;
  leases: number;
}

const NAME_SETTING = 'person-name';
/** Stands for "no folder" where rooms are remembered by folder. */
const SCRATCH = '';

/** The rooms that are open on this device, each once, and those that it remembers. */
export class DesktopRooms {
  private readonly options: DesktopRoomsOptions;
  private readonly known: KnownRooms;
  private readonly disposables = new DisposableStore();
  private readonly recentChanged = this.disposables.add(new Emitter<readonly string[]>());
  private readonly opened = this.disposables.add(new Emitter<RoomHost>());
  private readonly held = new Map<string, HeldRoom>();
  private readonly closing = new Map<string, Promise<void>>();
  private readonly opening = new Map<string, Promise<void>>();

  readonly onDidChangeRecentFolders = this.recentChanged.event;
  /** Fires with every room that was not open before. */
  readonly onDidOpenRoom = this.opened.event;

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
  }

  get recentFolders(): readonly string[] {
    return this.known.listRecent();
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
   * Joins the room of a link under `name`. Without its relay it opens what this device has of it, if anything. Where
   * an owner has to let the person in, it waits for that by `wait`.
   */
  async join(link: string, name: string, wait?: ApprovalWait): Promise<Outcome<RoomLease>> {
    const parsed = parseShareLink(link);
    if (!parsed.ok) return parsed;
    const { relayUrl, room, secret } = parsed.link;
    const personName = name.trim();
    if (personName === '') return { ok: false, explanation: 'Enter a name, so that the others know who you are.' };
    const post = wait?.wrap(postJson) ?? postJson;
    const tokens = new KeptTokenSource(parsed.link, personName, { post, lastTokens: this.known.lastTokens });
    const trial = await tokens.join();
    if (trial.kind === 'permanent') return { ok: false, explanation: trial.explanation };
    const dataPath = this.pathOfRoom(relayUrl, room);
    if (trial.kind === 'transient' && !(await exists(dataPath))) return { ok: false, explanation: trial.explanation };
    this.setPersonName(personName);
    return this.lease(
      `${relayUrl} ${room}`,
      async () =>
        new RoomHost({
          relayUrl,
          room,
          secret,
          tokens,
          isOwner: false,
          operatorToken: undefined,
          linkSecrets: this.known.linkSecrets,
          proposalLedger: this.ledgerOf(room),
          storage: await openRoomStorage(dataPath),
          folderPath: undefined,
          offlineReason: undefined,
        }),
    );
  }

  /** Closes every room; resolves when all is stored. */
  async close(): Promise<void> {
    await Promise.all(this.opening.values());
    for (const key of [...this.held.keys()]) this.release(key);
    await Promise.all(this.closing.values());
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
    return this.leaseOwned(folder, key, reached, undefined);
  }

  /** The secret of its owner cannot be read: the room opens from what this device has of it, and stays offline. */
  private async openWithoutKey(
    folder: string,
    room: { readonly relayUrl: string; readonly room: string },
  ): Promise<Outcome<RoomLease>> {
    const { reached, key } = this.place(room);
    const whose = folder === SCRATCH ? 'your own room' : `the room of ${folder}`;
    const explanation = `The key to ${whose} is sealed by the key store of this computer, which cannot be read now. Open it in the window of Tutti, signed in as usual, or join it with a link.`;
    if (!(await exists(this.pathOfRoom(key, room.room)))) return { ok: false, explanation };
    this.known.touch(folder, Date.now());
    this.recentChanged.fire(this.recentFolders);
    return this.leaseOwned(folder, key, { ...reached, ownerSecret: '' }, explanation);
  }

  private place<T extends { readonly relayUrl: string; readonly room: string }>(room: T) {
    // The embedded relay may listen on another port today.
    const isEmbedded = isLoopback(room.relayUrl) && isLoopback(this.options.relayUrl);
    const reached = isEmbedded ? { ...room, relayUrl: this.options.relayUrl } : room;
    return { reached, isEmbedded, key: isEmbedded ? 'embedded' : room.relayUrl };
  }

  private leaseOwned(
    folder: string,
    key: string,
    room: KnownRoom,
    offlineReason: string | undefined,
  ): Promise<Outcome<RoomLease>> {
    const folderPath = folder === SCRATCH ? undefined : folder;
    return this.lease(`${key} ${room.room}`, async () => {
      const storage = await openRoomStorage(this.pathOfRoom(key, room.room), folderPath);
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
      offlineReason,
    });
  }

  private async lease(key: string, create: () => Promise<RoomHost>): Promise<Outcome<RoomLease>> {
    try {
      // Whoever waited looks again: others may have waited for the same.
      for (let busy = this.busy(key); busy; busy = this.busy(key)) await busy;
      const present = this.held.get(key);
      if (present) present.leases++;
      const held = present ?? (await this.hold(key, create));
      const release = toDisposable(() => {
        if (--held.leases === 0) this.release(key);
      });
      return { ok: true, value: { host: held.host, dispose: () => release.dispose() } };
    } catch (error) {
      return { ok: false, explanation: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Settles when a room that is being opened or closed is; it never rejects. */
  private busy(key: string): Promise<void> | undefined {
    return this.closing.get(key) ?? this.opening.get(key);
  }

  /** Opens a room with its first lease. */
  private async hold(key: string, create: () => Promise<RoomHost>): Promise<HeldRoom> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.opening.set(key, promise);
    try {
      const held = { host: await create(), leases: 1 };
      this.held.set(key, held);
      this.opened.fire(held.host);
      return held;
    } finally {
      this.opening.delete(key);
      resolve();
    }
  }

  private release(key: string): void {
    const room = this.held.get(key);
    if (!room) return;
    this.held.delete(key);
    const closed = room.host
      .close()
      .catch(reportUnexpectedError)
      .finally(() => this.closing.delete(key));
    this.closing.set(key, closed);
  }

  private ledgerOf(room: string): ProposalLedger {
    const { proposals } = this.known;
    return {
      has: (key) => proposals.find(room, key) !== undefined,
      add: (key) => proposals.remember(room, key, 'sent'),
    };
  }

  private pathOfRoom(relay: string, room: string): string {
    const relayKey = createHash('sha256').update(relay).digest('hex').slice(0, 16);
    return join(this.options.dataFolder, 'rooms', `${room}-${relayKey}.sqlite`);
  }
}

function isLoopback(url: string): boolean {
  return /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|\/|$)/.test(url);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
