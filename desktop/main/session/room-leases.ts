import {
  type Disposable,
  Emitter,
  errorMessage,
  reportUnexpectedError,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import type { Outcome } from '../../ipc/index.ts';
import type { RoomHost } from './room-host.ts';

/** Keeps a room open; the last one to be disposed closes it. */
export interface RoomLease extends Disposable {
  readonly host: RoomHost;
}

interface HeldRoom {
  readonly host: RoomHost;
  leases: number;
}

/** The rooms that are open on this device, each once, by their key. */
export class RoomLeases {
  private readonly opened = new Emitter<RoomHost>();
  private readonly closed = new Emitter<string>();
  private readonly held = new Map<string, HeldRoom>();
  private readonly closing = new Map<string, Promise<void>>();
  /** Rooms that are being opened, or worked on while they are closed. */
  private readonly opening = new Map<string, Promise<void>>();

  /** Fires with every room that was not open before. */
  readonly onDidOpen = this.opened.event;
  /** Fires with the key of a room when everything of it is stored. */
  readonly onDidClose = this.closed.event;

  get hosts(): readonly RoomHost[] {
    return [...this.held.values()].map(({ host }) => host);
  }

  /** The open room with this key. */
  find(key: string): RoomHost | undefined {
    return this.held.get(key)?.host;
  }

  keyOf(host: RoomHost): string | undefined {
    for (const [key, held] of this.held) if (held.host === host) return key;
    return undefined;
  }

  isOpen(key: string): boolean {
    return this.held.has(key) || this.busy(key) !== undefined;
  }

  /** Opens a room with `create`, unless it is open. */
  async lease(key: string, create: () => Promise<RoomHost>): Promise<Outcome<RoomLease>> {
    try {
      // Without a turn in between when nothing is under way: two who come at once must not both open it.
      for (let busy = this.busy(key); busy; busy = this.busy(key)) await busy;
      const present = this.held.get(key);
      if (present) present.leases++;
      return this.toLease(key, present ?? (await this.hold(key, create)));
    } catch (error) {
      return { ok: false, explanation: errorMessage(error) };
    }
  }

  /** Keeps an open room open for one more. */
  leaseAgain(host: RoomHost): Outcome<RoomLease> {
    const key = this.keyOf(host);
    const held = key === undefined ? undefined : this.held.get(key);
    if (key === undefined || !held) return { ok: false, explanation: 'The room was closed.' };
    held.leases++;
    return this.toLease(key, held);
  }

  /** Whether only one keeps an open room open. */
  isLeasedOnce(host: RoomHost): boolean {
    const key = this.keyOf(host);
    return key !== undefined && this.held.get(key)?.leases === 1;
  }

  /** Resolves when everything of a room whose last lease was given back is stored. */
  async whenClosed(key: string): Promise<void> {
    await this.closing.get(key);
  }

  /** Does something with a room that is closed; whoever opens it meanwhile waits. Undefined: it is open. */
  async whileClosed<T>(key: string, task: () => Promise<T>): Promise<T | undefined> {
    for (let busy = this.busy(key); busy; busy = this.busy(key)) await busy;
    if (this.held.has(key)) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.opening.set(key, promise);
    try {
      return await task();
    } finally {
      this.opening.delete(key);
      resolve();
    }
  }

  /** Closes every room; resolves when all is stored. */
  async close(): Promise<void> {
    await Promise.all(this.opening.values());
    for (const key of [...this.held.keys()]) this.release(key);
    await Promise.all(this.closing.values());
    this.opened.dispose();
    this.closed.dispose();
  }

  private toLease(key: string, held: HeldRoom): Outcome<RoomLease> {
    const release = toDisposable(() => {
      if (--held.leases === 0) this.release(key);
    });
    return { ok: true, value: { host: held.host, dispose: () => release.dispose() } };
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
      .finally(() => {
        this.closing.delete(key);
        this.closed.fire(key);
      });
    this.closing.set(key, closed);
  }
}
