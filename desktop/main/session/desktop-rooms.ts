import { mkdir } from 'node:fs/promises';
import { parseShareLink } from '../../../shared/access/index.ts';
import {
  DisposableStore,
  type Event,
  reportUnexpectedError,
  systemScheduler,
} from '../../../shared/lifecycle/index.ts';
import { type ApprovalWait, type NudgeReason, WakeWatch } from '../../../shared/sync/index.ts';
import type { Outcome, ProblemReport, StoredRoom } from '../../ipc/index.ts';
import { NetworkWatch } from '../network-watch.ts';
import { toOfflineStoreError } from '../store/sqlite-failure.ts';
import { FolderRooms } from './folder-rooms.ts';
import type { RoomToLeave } from './folder-switch.ts';
import { LastOpen } from './last-open.ts';
import { LinkRooms } from './link-rooms.ts';
import { describeLostList } from './lost-list.ts';
import { RoomDevice, type RoomDeviceOptions } from './room-device.ts';
import type { RoomHost } from './room-host.ts';
import type { RoomLease } from './room-leases.ts';
import type { RecentRoom } from './stored-rooms.ts';

export type { RoomToLeave } from './folder-switch.ts';
export type { RoomLease } from './room-leases.ts';

export interface DesktopRoomsOptions extends RoomDeviceOptions {
  /** What all rooms together may take of the disk, as far as the relay has them; 2 GiB if not given. */
  readonly maxStoredBytes?: number;
}

const MAX_STORED_BYTES = 2 * 1024 * 1024 * 1024;

/** The rooms that are open on this device, each once, and those that it remembers. */
export class DesktopRooms {
  private readonly device: RoomDevice;
  private readonly folders: FolderRooms;
  private readonly links: LinkRooms;
  private readonly disposables = new DisposableStore();
  private readonly lastOpen: LastOpen;
  private readonly maxStoredBytes: number;
  private trimming = Promise.resolve();
  private isClosing = false;

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
    this.maxStoredBytes = options.maxStoredBytes ?? MAX_STORED_BYTES;
    const device = new RoomDevice(options);
    this.device = device;
    this.folders = new FolderRooms(device);
    this.links = new LinkRooms(device);
    this.lastOpen = new LastOpen(device.known);
    this.disposables.add(device.leases.onDidClose(() => this.trim()));
    this.disposables.add(new WakeWatch(systemScheduler, () => this.nudge('woke')));
    this.disposables.add(new NetworkWatch(systemScheduler, () => this.nudge('network-changed')));
  }

  /** Fires with {@link recentFolders} when these or {@link listRecent} have changed. */
  get onDidChangeRecentFolders(): Event<readonly string[]> {
    return this.device.onDidChangeRecent;
  }

  /** Fires with every room that was not open before. */
  get onDidOpenRoom(): Event<RoomHost> {
    return this.device.leases.onDidOpen;
  }

  /** The connections of all rooms may have died or may be possible again. `asleepMs`: how long the device slept. */
  nudge(reason: NudgeReason, asleepMs = 0): void {
    for (const host of this.device.leases.hosts) host.nudge(reason, asleepMs);
  }

  get recentFolders(): readonly string[] {
    return this.device.known.listRecent();
  }

  /** What whoever starts the app has to know of its data; undefined when all is well. */
  get startProblem(): ProblemReport | undefined {
    const { setAsidePath } = this.device.known;
    return setAsidePath === undefined ? undefined : describeLostList(setAsidePath);
  }

  get personName(): string {
    return this.device.personName;
  }

  /** Keeps what the person is called, and tells it in all rooms that are open. */
  changePersonName(name: string): Outcome<boolean> {
    const personName = name.trim();
    if (personName === '') return { ok: false, explanation: 'Enter a name, so that the others know who you are.' };
    this.device.setPersonName(personName);
    for (const host of this.device.leases.hosts) host.rename(personName);
    return { ok: true, value: true };
  }

  /**
   * Opens a folder in its room, which is made when the folder has none. Works without a relay. `toLeave` is left, once
   * the folder is sure to be opened, where that holds its folder or lies in it.
   */
  openFolder(path: string, toLeave?: RoomToLeave): Promise<Outcome<RoomLease>> {
    return this.folders.openFolder(path, toLeave);
  }

  /** Opens this device's room without a folder. */
  openScratchRoom(): Promise<Outcome<RoomLease>> {
    return this.folders.openScratch();
  }

  /**
   * Joins the room of a link under `name`. A room that this device has opens at once, with or without its relay, unless
   * the relay refuses the link just then. Where an owner has to let the person in, it waits for that by `wait`.
   */
  async join(link: string, name: string, wait?: ApprovalWait): Promise<Outcome<RoomLease>> {
    const parsed = parseShareLink(link);
    if (!parsed.ok) return parsed;
    const own = this.folders.find(parsed.link);
    return own === undefined ? this.links.join(parsed.link, name, wait) : this.folders.open(own);
  }

  /** What can be opened without a link, the last one opened first; nothing is read for it but the list of rooms. */
  listRecent(): readonly RecentRoom[] {
    return this.device.stored.listRecent();
  }

  /** Notes what the windows show, by the keys of {@link keyOfOpen}, for {@link roomsToReopen} of the next start. */
  noteShown(keys: readonly string[]): void {
    if (!this.isClosing) this.lastOpen.note(keys);
  }

  /** Keys of the rooms that the windows showed last. */
  get roomsToReopen(): readonly string[] {
    return this.lastOpen.list().filter((key) => this.device.stored.remembered(key) !== undefined);
  }

  /** Key of an open room, as {@link listStored} has it. */
  keyOfOpen(host: RoomHost): string | undefined {
    return this.device.leases.keyOf(host);
  }

  /** What this device keeps, the last one opened first. */
  listStored(): Promise<readonly StoredRoom[]> {
    return this.device.stored.list();
  }

  /** What this device keeps of an open room. */
  async describeStored(host: RoomHost): Promise<StoredRoom | undefined> {
    const key = this.keyOfOpen(host);
    return key === undefined ? undefined : this.device.stored.read(key);
  }

  /** Opens a room of {@link listStored}, with or without its relay. `toLeave`: see {@link openFolder}. */
  async openStored(key: string, toLeave?: RoomToLeave): Promise<Outcome<RoomLease>> {
    const remembered = this.device.stored.remembered(key);
    if (!remembered) {
      return { ok: false, explanation: 'Tutti has no link to this room any more. Open it with a link once.' };
    }
    if (remembered.kind === 'folder') return this.folders.open(remembered.found.folder, toLeave);
    return this.links.open(remembered.joined);
  }

  /** Key of the room of a link, for {@link openStored}, when this device joined it before. */
  keyOfJoined(link: string): string | undefined {
    const parsed = parseShareLink(link);
    if (!parsed.ok) return undefined;
    const key = this.device.keys.keyOf(parsed.link);
    return this.device.stored.remembered(key)?.kind === 'joined' ? key : undefined;
  }

  /** The open room with a key of {@link listStored}. */
  findOpen(key: string): RoomHost | undefined {
    return this.device.leases.find(key);
  }

  /** Keeps an open room open for one more. */
  leaseAgain(host: RoomHost): Outcome<RoomLease> {
    return this.device.leases.leaseAgain(host);
  }

  /** Removes what this device keeps of a closed room; see {@link StoredRooms.forget}. */
  async forgetStored(key: string, evenUnsent: boolean): Promise<Outcome<boolean>> {
    const outcome = await this.device.stored.forget(key, evenUnsent);
    this.device.noteRecent();
    return outcome;
  }

  /** Closes every room; resolves when all is stored. */
  async close(): Promise<void> {
    this.isClosing = true;
    await this.device.leases.close();
    await this.trimming;
    this.disposables.dispose();
    this.device.dispose();
  }

  private trim(): void {
    if (this.isClosing) return;
    const { stored } = this.device;
    this.trimming = this.trimming.then(() => stored.trim(this.maxStoredBytes)).catch(reportUnexpectedError);
  }
}
