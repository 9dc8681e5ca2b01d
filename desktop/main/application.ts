import { clipboard, MessageChannelMain, shell, type WebContents, dialog } from 'electron';
import {
  type Disposable,
  DisposableStore,
  errorMessage,
  reportUnexpectedError,
  systemScheduler,
} from '../../shared/lifecycle/index.ts';
import { ApprovalWait } from '../../shared/sync/index.ts';
import type {
  AccessChannels,
  BlobChannels,
  InvokeChannel,
  Outcome,
  SessionPortChannel,
  MirrorChannels,
  StorageChannels,
  TransfersState,
  WindowStart,
  WorkspaceStatus,
} from '../ipc/index.ts';
import { BLOB_ANSWERS, BLOB_CHANNELS } from './blob-requests.ts';
import { ACCESS_ANSWERS, ACCESS_CHANNELS } from './access-requests.ts';
import type { LaunchRequest } from './command-line.ts';
import { createEditorWindow, loadEditorPage } from './editor-window.ts';
import { toAttachmentPort } from './message-port.ts';
import { MIRROR_ANSWERS, MIRROR_CHANNELS } from './mirror-requests.ts';
import { REQUEST_READERS } from './request-readers.ts';
import type { DesktopRooms, RoomLease } from './session/desktop-rooms.ts';
import type { RoomHost } from './session/room-host.ts';
import { STORAGE_ANSWERS, STORAGE_CHANNELS, type StorageWindows } from './storage-requests.ts';
import { handleInvoke, sendEvent } from './typed-ipc.ts';
import { type WindowEntry, WindowRegistry } from './window-registry.ts';

const PORT_CHANNEL: SessionPortChannel = 'session:port';
const CANNOT_OPEN = 'The room cannot be opened.';

/** The desktop app once Electron is ready: its windows, and what they ask for. */
export class Application implements Disposable {
  private readonly disposables = new DisposableStore();
  private readonly windows = new WindowRegistry();
  private readonly rooms: DesktopRooms;
  private readonly appFolder: string;
  private isDisposed = false;

  /** `appFolder` holds the built `preload` and `renderer` folders. The caller keeps the ownership of `rooms`. */
  constructor(rooms: DesktopRooms, appFolder: string) {
    this.rooms = rooms;
    this.appFolder = appFolder;
    this.answerRequests();
    this.disposables.add(
      rooms.onDidChangeRecentFolders((folders) => {
        for (const { window } of this.windows.all) sendEvent(window, 'workspace:recent-folders', folders);
      }),
    );
  }

  /** Opens a window for what the app was started with; for nothing, the windows that were there last. */
  async launch(request: LaunchRequest): Promise<void> {
    if (request.folder === undefined && request.joinLink === undefined && this.windows.all.length === 0) {
      return this.reopen(this.rooms.roomsToReopen);
    }
    const entry = this.addWindow();
    const { window } = entry;
    entry.joinLink = request.joinLink;
    entry.mirrorFolder = request.mirrorFolder;
    if (request.folder !== undefined) {
      await Promise.all([loadEditorPage(window), this.openFolder(entry, request.folder)]);
    } else {
      await loadEditorPage(window);
    }
  }

  /** A second start of the app, or a link that was clicked. */
  async launchAgain(request: LaunchRequest): Promise<void> {
    const entry = this.windows.focused;
    if (request.joinLink !== undefined && entry?.isReady) {
      entry.mirrorFolder = request.mirrorFolder;
      sendEvent(entry.window, 'join-requested', { link: request.joinLink, mirrorFolder: request.mirrorFolder });
      if (entry.window.isMinimized()) entry.window.restore();
      entry.window.focus();
    } else {
      await this.launch(request);
    }
  }

  /** The app was chosen again, as by a click on its icon. */
  async activate(): Promise<void> {
    const window = this.windows.focused?.window;
    if (!window)
      return this.launch({ folder: undefined, joinLink: undefined, mirrorFolder: undefined, relayUrl: undefined });
    if (window.isMinimized()) window.restore();
    window.focus();
  }

  /** Opens one of the rooms that were opened last in the focused window. */
  async openRecent(key: string): Promise<void> {
    const entry = this.windows.focused;
    if (!entry) return this.reopen([key]);
    const outcome = this.show(entry, await this.lease(key));
    if (outcome.ok) return;
    const problem = { id: 'open-recent', severity: 'error', title: CANNOT_OPEN, detail: outcome.explanation } as const;
    sendEvent(entry.window, 'problem', { ...problem, canRetry: false });
  }

  /** Runs a command in the focused window. */
  sendCommand(commandId: string): void {
    const entry = this.windows.focused;
    if (entry) sendEvent(entry.window, 'command', { id: commandId });
  }

  dispose(): void {
    // What the windows show now is what the next start shows again.
    this.isDisposed = true;
    this.disposables.dispose();
    for (const { attachment, lease } of this.windows.all) {
      attachment.dispose();
      lease.dispose();
    }
  }

  private answerRequests(): void {
    this.answer('window:ready', async (_request, sender) => this.startWindow(this.windows.of(sender)));
    this.answer('folder:choose', async (_request, sender) => this.chooseFolder(this.windows.of(sender)));
    this.answer('folder:open-recent', async ({ path }, sender) => {
      if (!this.rooms.recentFolders.includes(path)) return refuse('That folder is not in the list any more.');
      return this.openFolder(this.windows.of(sender), path);
    });
    this.answerRooms();
    for (const channel of ACCESS_CHANNELS) this.answerAccess(channel);
    for (const channel of MIRROR_CHANNELS) this.answerMirror(channel);
    for (const channel of BLOB_CHANNELS) this.answerBlob(channel);
    for (const channel of STORAGE_CHANNELS) this.answerStorage(channel);
    this.answerHistory();
    this.answer('mirror:retry', async (_request, sender) =>
      this.withRoom(sender, async (host) => {
        host.retryMirror();
        return accept(true);
      }),
    );
    this.answer('problem:dismiss', async ({ id }, sender) =>
      this.withRoom(sender, async (host) => {
        host.dismissProblem(id);
        return accept(true);
      }),
    );
    this.answer('settings:person-name', async ({ name }) => {
      this.rooms.setPersonName(name);
      return accept(true);
    });
    this.answer('clipboard:write', async ({ text }) => {
      await clipboard.writeText(text);
      return accept(true);
    });
    this.answer('folder:reveal', async ({ fileId }, sender) =>
      this.withRoom(sender, async (host) => {
        const path = host.pathOnDisk(fileId);
        if (path === undefined) return refuse('The file is not on this device.');
        shell.showItemInFolder(path);
        return accept(true);
      }),
    );
  }

  private answer<C extends InvokeChannel>(channel: C, run: Parameters<typeof handleInvoke<C>>[2]): void {
    this.disposables.add(handleInvoke(channel, REQUEST_READERS[channel], run));
  }

  private answerRooms(): void {
    this.answer('room:join', async ({ link, name }, sender) => {
      // Asked for first: the window may close meanwhile.
      const entry = this.windows.of(sender);
      const wait = new ApprovalWait(systemScheduler, (message) => sendEvent(entry.window, 'join-waiting', { message }));
      entry.approvalWait.value = wait;
      const outcome = this.show(entry, await this.rooms.join(link, name, wait));
      if (outcome.ok) this.mirrorAsStarted(entry);
      return outcome;
    });
    this.answer('room:cancel-join', async (_request, sender) => {
      this.windows.of(sender).approvalWait.value = undefined;
      return accept(true);
    });
    this.answer('room:open-untitled', async (_request, sender) =>
      this.show(this.windows.of(sender), await this.rooms.openScratchRoom()),
    );
    this.answer('room:leave', async (_request, sender) => {
      this.leave(this.windows.of(sender));
      return accept(true);
    });
  }

  private answerAccess<C extends keyof AccessChannels>(channel: C): void {
    this.disposables.add(
      handleInvoke(channel, REQUEST_READERS[channel], async (request, sender) => {
        const { host, window } = this.windows.of(sender);
        return host ? ACCESS_ANSWERS[channel](request, host, window) : refuse('No room is open in this window.');
      }),
    );
  }

  private answerMirror<C extends keyof MirrorChannels>(channel: C): void {
    this.disposables.add(
      handleInvoke(channel, REQUEST_READERS[channel], async (request, sender) => {
        const { host, window } = this.windows.of(sender);
        return host ? MIRROR_ANSWERS[channel](request, host, window) : refuse('No room is open in this window.');
      }),
    );
  }

  private answerHistory(): void {
    this.disposables.add(
      handleInvoke('history:list-events', REQUEST_READERS['history:list-events'], (page, sender) =>
        this.withRoom(sender, ({ history }) => history.listLabels(page)),
      ),
    );
    this.disposables.add(
      handleInvoke('history:list-event-documents', REQUEST_READERS['history:list-event-documents'], (event, sender) =>
        this.withRoom(sender, ({ history }) => history.listDocuments(event.seq)),
      ),
    );
  }

  private answerBlob<C extends keyof BlobChannels>(channel: C): void {
    this.disposables.add(
      handleInvoke(channel, REQUEST_READERS[channel], async (request, sender) => {
        const { host, window } = this.windows.of(sender);
        return host ? BLOB_ANSWERS[channel](request, host, window) : refuse('No room is open in this window.');
      }),
    );
  }

  private answerStorage<C extends keyof StorageChannels>(channel: C): void {
    this.disposables.add(
      handleInvoke(channel, REQUEST_READERS[channel], async (request, sender) =>
        STORAGE_ANSWERS[channel](request, this.rooms, this.windowsFor(this.windows.of(sender))),
      ),
    );
  }

  /** Mirrors the room that was joined to the folder that the app was started with. */
  private mirrorAsStarted({ host, mirrorFolder, window }: WindowEntry): void {
    if (!host || mirrorFolder === undefined) return;
    void host.mirror.choose(mirrorFolder, { isMade: true }).then((outcome) => {
      if (outcome.ok) return;
      const title = 'The room is not mirrored to the folder.';
      const problem = { id: 'mirror-start', severity: 'error', title, detail: outcome.explanation } as const;
      sendEvent(window, 'problem', { ...problem, canRetry: false });
    });
  }

  private windowsFor(entry: WindowEntry): StorageWindows {
    return {
      host: entry.host,
      show: (outcome) => this.show(entry, outcome),
      closeRoom: (host) => {
        for (const each of this.windows.all) if (each.host === host) this.leave(each);
      },
      openWindow: (outcome) => this.openWindow(outcome),
    };
  }

  private async openWindow(outcome: Outcome<RoomLease> | undefined): Promise<void> {
    const entry = this.addWindow();
    if (outcome) this.show(entry, outcome);
    await loadEditorPage(entry.window);
  }

  private startWindow(entry: WindowEntry): WindowStart {
    entry.isReady = true;
    const joinLink = entry.joinLink;
    entry.joinLink = undefined;
    if (entry.status.kind === 'open') this.connectPage(entry);
    else this.tellStartProblem(entry);
    return {
      status: entry.status,
      personName: this.rooms.personName,
      recentFolders: this.rooms.recentFolders,
      platform: process.platform === 'darwin' || process.platform === 'win32' ? process.platform : 'linux',
      joinLink,
      mirrorFolder: entry.mirrorFolder,
    };
  }

  private async chooseFolder(entry: WindowEntry): Promise<Outcome<boolean>> {
    const { canceled, filePaths } = await dialog.showOpenDialog(entry.window, { properties: ['openDirectory'] });
    const path = filePaths[0];
    if (canceled || path === undefined) return accept(false);
    return this.openFolder(entry, path);
  }

  private async openFolder(entry: WindowEntry, path: string): Promise<Outcome<boolean>> {
    // The page leaves the room that it shows for any other status: an open one stays until the folder takes its place.
    if (entry.status.kind !== 'open') this.setStatus(entry, { kind: 'opening', label: path });
    const outcome = this.show(entry, await this.rooms.openFolder(path));
    if (!outcome.ok && entry.status.kind !== 'open') {
      const title = 'The folder cannot be opened';
      this.setStatus(entry, { kind: 'failed', title, explanation: outcome.explanation });
    }
    return outcome;
  }

  /** A window for each of the rooms; one without a room where there are none. */
  private async reopen(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return this.openWindow(undefined);
    const names = new Map(this.rooms.listRecent().map(({ key, name }) => [key, name]));
    const entries = keys.map((key) => {
      const entry = this.addWindow();
      entry.reopening = key;
      this.setStatus(entry, { kind: 'opening', label: names.get(key) ?? 'the room' });
      return entry;
    });
    // A window that is closed meanwhile, or cannot be shown, does not take the others with it.
    const loaded = Promise.all(entries.map(({ window }) => loadEditorPage(window).catch(reportUnexpectedError)));
    for (const entry of entries) await this.reopenOne(entry);
    await loaded;
  }

  /** What cannot be opened now stays among what was open last. */
  private async reopenOne(entry: WindowEntry): Promise<void> {
    const outcome = await this.lease(entry.reopening ?? '')
      .then((leased) => this.show(entry, leased))
      .catch((error: unknown) => refuse<boolean>(errorMessage(error)));
    if (outcome.ok || entry.status.kind === 'open' || entry.window.isDestroyed()) return;
    this.setStatus(entry, { kind: 'failed', title: CANNOT_OPEN, explanation: outcome.explanation });
  }

  private async lease(key: string): Promise<Outcome<RoomLease>> {
    const open = this.rooms.findOpen(key);
    return open ? this.rooms.leaseAgain(open) : this.rooms.openStored(key);
  }

  private addWindow(): WindowEntry {
    const entry = this.windows.add(createEditorWindow(this.appFolder));
    // Closing the last window is quitting: what it showed is shown again.
    entry.window.once('closed', () => this.windows.all.length > 0 && this.noteShown());
    return entry;
  }

  private noteShown(): void {
    if (this.isDisposed) return;
    const keyOf = ({ host, reopening }: WindowEntry) => (host ? this.rooms.keyOfOpen(host) : reopening);
    try {
      this.rooms.noteShown(this.windows.all.map(keyOf).filter((key) => key !== undefined));
    } catch (error) {
      // On a full disk the next start shows other windows; the room itself is open.
      reportUnexpectedError(error);
    }
  }

  private show(entry: WindowEntry, outcome: Outcome<RoomLease>): Outcome<boolean> {
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
    entry.lease.value = held;
    entry.reopening = undefined;
    this.noteShown();
    if (entry.isReady) this.connectPage(entry);
    return accept(true);
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

  private leave(entry: WindowEntry): void {
    this.close(entry, { kind: 'none' });
    this.noteShown();
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

  private async withRoom<T>(
    sender: WebContents,
    run: (host: NonNullable<WindowEntry['host']>) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    const { host } = this.windows.of(sender);
    return host ? run(host) : refuse('No room is open in this window.');
  }
}

function accept<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

function refuse<T>(explanation: string): Outcome<T> {
  return { ok: false, explanation };
}
