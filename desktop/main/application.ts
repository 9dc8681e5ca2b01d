import { type Disposable, DisposableStore, reportUnexpectedError } from '../../shared/lifecycle/index.ts';
import type { Outcome } from '../ipc/index.ts';
import type { LaunchRequest } from './command-line.ts';
import { createEditorWindow, loadEditorPage } from './editor-window.ts';
import type { DesktopRooms, RoomLease } from './session/desktop-rooms.ts';
import { sendEvent } from './typed-ipc.ts';
import { type WindowEntry, WindowRegistry } from './window-registry.ts';
import { WindowRequests } from './window-requests.ts';
import { CANNOT_OPEN_ROOM, WindowRooms } from './window-rooms.ts';

/** The desktop app once Electron is ready: its windows, and what they show. */
export class Application implements Disposable {
  private readonly disposables = new DisposableStore();
  private readonly windows = new WindowRegistry();
  private readonly rooms: DesktopRooms;
  private readonly shown: WindowRooms;
  private readonly appFolder: string;

  /** `appFolder` holds the built `preload` and `renderer` folders. The caller keeps the ownership of `rooms`. */
  constructor(rooms: DesktopRooms, appFolder: string) {
    this.rooms = rooms;
    this.appFolder = appFolder;
    const { windows } = this;
    this.shown = this.disposables.add(new WindowRooms(rooms, windows));
    const { shown } = this;
    const openWindow = (outcome: Outcome<RoomLease> | undefined) => this.openWindow(outcome);
    this.disposables.add(new WindowRequests({ rooms, windows, shown, openWindow }));
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
      await Promise.all([loadEditorPage(window), this.shown.openFolder(entry, request.folder)]);
    } else {
      await loadEditorPage(window);
    }
  }

  /** Why a window does not show what it was opened for; undefined when all do. */
  get failure(): string | undefined {
    for (const { status } of this.windows.all) if (status.kind === 'failed') return status.explanation;
    return undefined;
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
    const outcome = await this.shown.openStored(entry, key);
    if (outcome.ok) return;
    const problem = {
      id: 'open-recent',
      severity: 'error',
      title: CANNOT_OPEN_ROOM,
      detail: outcome.explanation,
    } as const;
    sendEvent(entry.window, 'problem', { ...problem, canRetry: false });
  }

  /** Runs a command in the focused window. */
  sendCommand(commandId: string): void {
    const entry = this.windows.focused;
    if (entry) sendEvent(entry.window, 'command', { id: commandId });
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private async openWindow(outcome: Outcome<RoomLease> | undefined): Promise<void> {
    const entry = this.addWindow();
    if (outcome) this.shown.show(entry, outcome);
    await loadEditorPage(entry.window);
  }

  /** A window for each of the rooms; one without a room where there are none. */
  private async reopen(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return this.openWindow(undefined);
    const entries = keys.map((key) => {
      const entry = this.addWindow();
      this.shown.announce(entry, key);
      return entry;
    });
    // A window that is closed meanwhile, or cannot be shown, does not take the others with it.
    const loaded = Promise.all(entries.map(({ window }) => loadEditorPage(window).catch(reportUnexpectedError)));
    for (const entry of entries) await this.shown.reopen(entry);
    await loaded;
  }

  private addWindow(): WindowEntry {
    const entry = this.windows.add(createEditorWindow(this.appFolder));
    // Closing the last window is quitting: what it showed is shown again.
    entry.window.once('closed', () => this.windows.all.length > 0 && this.shown.noteShown());
    return entry;
  }
}
