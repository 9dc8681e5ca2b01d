import { MessageChannelMain } from 'electron';
import { type Disposable, DisposableStore, errorMessage, reportUnexpectedError } from '../../shared/lifecycle/index.ts';
import type { Outcome, SessionPortChannel, TransfersState, WorkspaceStatus } from '../ipc/index.ts';
import { toAttachmentPort } from './message-port.ts';
import type { DesktopRooms, RoomLease, RoomToLeave } from './session/desktop-rooms.ts';
import type { RoomHost } from './session/room-host.ts';
import { sendEvent } from './typed-ipc.ts';
import type { WindowEntry, WindowRegistry } from './window-registry.ts';

const PORT_CHANNEL: SessionPortChannel = 'session:port';
const CANNOT_OPEN_FOLDER = 'The folder cannot be opened';
/** Title of what is told when a room is not shown. */
export const CANNOT_OPEN_ROOM = 'The room cannot be opened.';

/** Shows rooms in windows, one in each at a time. */
export class WindowRooms implements Disposable {
  private readonly rooms: DesktopRooms;
  private readonly windows: WindowRegistry;
  private isDisposed = false;

  /** The caller keeps the ownership of both. */
  constructor(rooms: DesktopRooms, windows: WindowRegistry) {
    this.rooms = rooms;
    this.windows = windows;
  }

  /** Opens a folder in a window. A room that is in its way there is left, and shown again when that was in vain. */
  async openFolder(entry: WindowEntry, path: string): Promise<Outcome<boolean>> {
    // The page leaves the room that it shows for any other status: an open one stays until the folder takes its place.
    if (entry.status.kind !== 'open') this.setStatus(entry, { kind: 'opening', label: path });
    const outcome = await this.replace(entry, path, (toLeave) => this.rooms.openFolder(path, toLeave));
    if (!outcome.ok && entry.status.kind === 'opening') {
      this.setStatus(entry, { kind: 'failed', title: CANNOT_OPEN_FOLDER, explanation: outcome.explanation });
    }
    return outcome;
  }

  /** Opens a room that this device keeps in a window, like {@link openFolder}. */
  openStored(entry: WindowEntry, key: string): Promise<Outcome<boolean>> {
    return this.replace(entry, this.labelOf(key), (toLeave) => this.lease(key, toLeave));
  }

  /** Shows that a window is to have a room again, which {@link reopen} opens. */
  announce(entry: WindowEntry, key: string): void {
    entry.reopening = key;
    this.setStatus(entry, { kind: 'opening', label: this.labelOf(key) });
  }

  /** Shows the room that was announced. What cannot be opened now stays among what was open last. */
  async reopen(entry: WindowEntry): Promise<void> {
    const outcome = await this.lease(entry.reopening ?? '')
      .then((leased) => this.show(entry, leased))
      .catch((error: unknown) => refuse(errorMessage(error)));
    if (outcome.ok || entry.status.kind === 'open' || entry.window.isDestroyed()) return;
    this.setStatus(entry, { kind: 'failed', title: CANNOT_OPEN_ROOM, explanation: outcome.explanation });
  }

  /** Shows a room that was opened for a window. The lease goes over to the window, or is given back when that is closed. */
  show(entry: WindowEntry, outcome: Outcome<RoomLease>): Outcome<boolean> {
    if (!outcome.ok) return outcome;
    const { host } = outcome.value;
    if (entry.window.isDestroyed()) {
      outcome.value.dispose();
      return refuse('The window was closed.');
    }
    this.close(entry, { kind: 'open', room: host.room, folderPath: host.folderPath, isOwner: host.isOwner });
    entry.host = host;
    const held = new DisposableStore();
    held.add(outcome.value);
    held.add(host.onProblem((problem) => sendEvent(entry.window, 'problem', problem)));
    held.add(host.mirror.onDidChangeState(() => this.tellMirror(entry, host)));
    held.add(host.contents.onDidChangeTransfers((state) => this.tellTransfers(entry, host, state)));
    held.add(host.history.onDidPost(() => sendEvent(entry.window, 'history:posted', { room: host.room })));
    entry.lease.value = held;
    entry.reopening = undefined;
    this.noteShown();
    if (entry.isReady) this.connectPage(entry);
    return { ok: true, value: true };
  }

  /** Gives a page that takes events what it has to know of the room in its window, if any. */
  startPage(entry: WindowEntry): void {
    if (entry.status.kind === 'open') this.connectPage(entry);
    else this.tellStartProblem(entry);
  }

  /** The person leaves the room in a window. */
  leave(entry: WindowEntry): void {
    entry.reopening = undefined;
    this.close(entry, { kind: 'none' });
    this.noteShown();
  }

  /** Closes a room in every window. */
  leaveEverywhere(host: RoomHost): void {
    for (const entry of this.windows.all) if (entry.host === host) this.leave(entry);
  }

  /** Notes what the windows show for the next start of the app. */
  noteShown(): void {
    if (this.isDisposed) return;
    const keyOf = ({ host, reopening }: WindowEntry) => (host ? this.rooms.keyOfOpen(host) : reopening);
    try {
      this.rooms.noteShown(this.windows.all.map(keyOf).filter((key) => key !== undefined));
    } catch (error) {
      // On a full disk the next start shows other windows; the room itself is open.
      reportUnexpectedError(error);
    }
  }

  /** Closes every room in its window. What the windows show now is what the next start shows again. */
  dispose(): void {
    this.isDisposed = true;
    for (const { attachment, lease } of this.windows.all) {
      attachment.dispose();
      lease.dispose();
    }
  }

  /** Shows what `open` opens in place of the room in the window; `label` says what is being opened. */
  private async replace(
    entry: WindowEntry,
    label: string,
    open: (toLeave: RoomToLeave | undefined) => Promise<Outcome<RoomLease>>,
  ): Promise<Outcome<boolean>> {
    const { host } = entry;
    const key = host && this.rooms.keyOfOpen(host);
    let isLeft = false;
    const leave = () => {
      if (entry.host !== host) return;
      isLeft = true;
      // Until something else is shown, this is what the next start shows.
      entry.reopening = key;
      this.close(entry, { kind: 'opening', label });
    };
    try {
      return await open(host && { host, leave })
        .then((leased) => this.show(entry, leased))
        .catch((error: unknown) => refuse(errorMessage(error)));
    } finally {
      if (isLeft && entry.status.kind !== 'open' && !entry.window.isDestroyed()) await this.reopen(entry);
    }
  }

  private async lease(key: string, toLeave?: RoomToLeave): Promise<Outcome<RoomLease>> {
    const open = this.rooms.findOpen(key);
    return open ? this.rooms.leaseAgain(open) : this.rooms.openStored(key, toLeave);
  }

  private labelOf(key: string): string {
    return this.rooms.listRecent().find((recent) => recent.key === key)?.name ?? 'the room';
  }

  private connectPage(entry: WindowEntry): void {
    if (!entry.host || entry.window.isDestroyed()) return;
    const { port1, port2 } = new MessageChannelMain();
    entry.attachment.value = entry.host.attach(toAttachmentPort(port1));
    entry.window.webContents.postMessage(PORT_CHANNEL, null, [port2]);
    for (const problem of entry.host.currentProblems) sendEvent(entry.window, 'problem', problem);
    this.tellStartProblem(entry);
    sendEvent(entry.window, 'mirror:state', { room: entry.host.room, state: entry.host.mirror.state });
    this.tellTransfers(entry, entry.host, entry.host.contents.transfersState);
  }

  private tellStartProblem({ window }: WindowEntry): void {
    const { startProblem } = this.rooms;
    if (startProblem) sendEvent(window, 'problem', startProblem);
  }

  private tellMirror(entry: WindowEntry, { room, mirror }: RoomHost): void {
    const { status } = entry;
    if (status.kind === 'open' && status.folderPath !== mirror.folder) {
      this.setStatus(entry, { ...status, folderPath: mirror.folder });
    }
    sendEvent(entry.window, 'mirror:state', { room, state: mirror.state });
  }

  private tellTransfers({ window }: WindowEntry, { room }: RoomHost, state: TransfersState): void {
    sendEvent(window, 'blob:transfers', { room, state });
  }

  private close(entry: WindowEntry, next: WorkspaceStatus): void {
    entry.attachment.value = undefined;
    entry.lease.value = undefined;
    entry.host = undefined;
    this.setStatus(entry, next);
  }

  private setStatus(entry: WindowEntry, status: WorkspaceStatus): void {
    entry.status = status;
    sendEvent(entry.window, 'workspace:status', status);
  }
}

function refuse(explanation: string): Outcome<boolean> {
  return { ok: false, explanation };
}
