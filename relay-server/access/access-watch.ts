import {
  type Disposable,
  DisposableStore,
  Emitter,
  scheduleEvery,
  type Scheduler,
  toDisposable,
} from '../../shared/lifecycle/index.ts';
import type { AccessDirectory, AccessKey, RoomAccess } from '../log/access-directory.ts';

export interface AccessWatchOptions {
  readonly directory: AccessDirectory;
  readonly scheduler: Scheduler;
  /** How often the versions of watched rooms are asked for. */
  readonly pollIntervalMs?: number;
  /** How often every watched room is read anew, whatever its version. */
  readonly sweepIntervalMs?: number;
  readonly reportProblem: (error: unknown) => void;
}

interface WatchedRoom {
  readonly key: AccessKey;
  readonly changed: Emitter<RoomAccess>;
  watchers: number;
  latest: RoomAccess | undefined;
  /** The newest version that anybody has spoken of. */
  wantedVersion: number;
  reading: Promise<RoomAccess> | undefined;
}

const POLL_INTERVAL_MS = 1_000;
const SWEEP_INTERVAL_MS = 60_000;
const ROOMS_PER_QUERY = 1_000;

/**
 * Knows what owners have taken back and set, for the rooms that somebody is in on this node. Changes are found at once
 * when another part of the relay tells of them, and by asking the database again and again in any case.
 */
export class AccessWatch implements Disposable {
  private readonly options: AccessWatchOptions;
  private readonly owned = new DisposableStore();
  private readonly rooms = new Map<string, WatchedRoom>();
  private isPolling = false;
  /** An outage is reported once. */
  private isFailing = false;

  constructor(options: AccessWatchOptions) {
    this.options = options;
    const { scheduler, pollIntervalMs = POLL_INTERVAL_MS, sweepIntervalMs = SWEEP_INTERVAL_MS } = options;
    this.owned.add(scheduleEvery(scheduler, () => void this.poll(), pollIntervalMs));
    this.owned.add(scheduleEvery(scheduler, () => this.sweep(), sweepIntervalMs));
  }

  /** As it stands in the database now. Rejects with a `LogFailure`. */
  read(key: AccessKey): Promise<RoomAccess> {
    const room = this.rooms.get(nameOf(key));
    return room ? this.readWatched(room) : this.options.directory.readAccess(key);
  }

  /** What was read last; undefined before the first time. */
  latest(key: AccessKey): RoomAccess | undefined {
    return this.rooms.get(nameOf(key))?.latest;
  }

  /** Calls back with what is there as soon as it is read, and with every change, until it is disposed. */
  watch(key: AccessKey, onAccess: (access: RoomAccess) => void): Disposable {
    const name = nameOf(key);
    const room = this.rooms.get(name) ?? this.begin(name, key);
    room.watchers++;
    const following = room.changed.event(onAccess);
    this.reread(room);
    return toDisposable(() => {
      following.dispose();
      room.watchers--;
      if (room.watchers > 0 || this.rooms.get(name) !== room) return;
      this.rooms.delete(name);
      room.changed.dispose();
    });
  }

  /** Somebody says that the room's access has this version by now. */
  noteVersion(key: AccessKey, version: number): void {
    const room = this.rooms.get(nameOf(key));
    if (!room || version <= room.wantedVersion) return;
    room.wantedVersion = version;
    this.reread(room);
  }

  private begin(name: string, key: AccessKey): WatchedRoom {
    const { tenant, room } = key;
    const watched: WatchedRoom = {
      key: { tenant, room },
      changed: new Emitter<RoomAccess>(),
      watchers: 0,
      latest: undefined,
      wantedVersion: 0,
      reading: undefined,
    };
    this.rooms.set(name, watched);
    return watched;
  }

  // Those who ask while one is being read wait for a read that begins after they asked.
  private async readWatched(room: WatchedRoom): Promise<RoomAccess> {
    const earlier = room.reading;
    if (earlier) await earlier.catch(() => undefined);
    room.reading ??= this.readNow(room);
    return room.reading;
  }

  private async readNow(room: WatchedRoom): Promise<RoomAccess> {
    try {
      const access = await this.options.directory.readAccess(room.key);
      room.latest = access;
      room.wantedVersion = Math.max(room.wantedVersion, access.version);
      return access;
    } finally {
      room.reading = undefined;
    }
  }

  private reread(room: WatchedRoom): void {
    this.readWatched(room).then(
      (access) => {
        this.isFailing = false;
        if (!this.owned.isDisposed) room.changed.fire(access);
      },
      (error: unknown) => this.fail(error),
    );
  }

  private async poll(): Promise<void> {
    // A database that does not answer is not asked again and again.
    if (this.isPolling || this.rooms.size === 0) return;
    this.isPolling = true;
    try {
      const rooms = [...this.rooms.values()];
      for (let start = 0; start < rooms.length; start += ROOMS_PER_QUERY) {
        await this.pollSome(rooms.slice(start, start + ROOMS_PER_QUERY));
      }
      this.isFailing = false;
    } catch (error) {
      this.fail(error);
    } finally {
      this.isPolling = false;
    }
  }

  private async pollSome(rooms: readonly WatchedRoom[]): Promise<void> {
    const versions = await this.options.directory.readVersions(rooms.map(({ key }) => key));
    for (const [index, room] of rooms.entries()) {
      const version = versions[index] ?? 0;
      // Lower than known: an older copy of the database was restored, and counts.
      if (room.latest && room.latest.version !== version) this.reread(room);
      else if (!room.latest) this.reread(room);
    }
  }

  private sweep(): void {
    for (const room of this.rooms.values()) this.reread(room);
  }

  private fail(error: unknown): void {
    if (this.isFailing || this.owned.isDisposed) return;
    this.isFailing = true;
    this.options.reportProblem(error);
  }

  dispose(): void {
    this.owned.dispose();
    for (const room of this.rooms.values()) room.changed.dispose();
    this.rooms.clear();
  }
}

function nameOf({ tenant, room }: AccessKey): string {
  return `${tenant}/${room}`;
}
