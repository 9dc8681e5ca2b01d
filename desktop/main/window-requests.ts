import { clipboard, dialog, shell, type WebContents } from 'electron';
import { type Disposable, DisposableStore, systemScheduler } from '../../shared/lifecycle/index.ts';
import { ApprovalWait } from '../../shared/sync/index.ts';
import type {
  AccessChannels,
  BlobChannels,
  InvokeChannel,
  MirrorChannels,
  Outcome,
  StorageChannels,
  WindowStart,
} from '../ipc/index.ts';
import { ACCESS_ANSWERS, ACCESS_CHANNELS } from './access-requests.ts';
import { BLOB_ANSWERS, BLOB_CHANNELS } from './blob-requests.ts';
import { MIRROR_ANSWERS, MIRROR_CHANNELS } from './mirror-requests.ts';
import { REQUEST_READERS } from './request-readers.ts';
import type { DesktopRooms, RoomLease } from './session/desktop-rooms.ts';
import { STORAGE_ANSWERS, STORAGE_CHANNELS, type StorageWindows } from './storage-requests.ts';
import { handleInvoke, sendEvent } from './typed-ipc.ts';
import type { WindowEntry, WindowRegistry } from './window-registry.ts';
import type { WindowRooms } from './window-rooms.ts';

export interface WindowRequestsOptions {
  readonly rooms: DesktopRooms;
  readonly windows: WindowRegistry;
  readonly shown: WindowRooms;
  /** Opens another window, on a room or without one. */
  readonly openWindow: (outcome: Outcome<RoomLease> | undefined) => Promise<void>;
}

/** Answers what the pages of the windows ask for, until it is disposed. */
export class WindowRequests implements Disposable {
  private readonly options: WindowRequestsOptions;
  private readonly rooms: DesktopRooms;
  private readonly windows: WindowRegistry;
  private readonly shown: WindowRooms;
  private readonly disposables = new DisposableStore();

  constructor(options: WindowRequestsOptions) {
    this.options = options;
    this.rooms = options.rooms;
    this.windows = options.windows;
    this.shown = options.shown;
    this.answerRequests();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private answerRequests(): void {
    this.answer('window:ready', async (_request, sender) => this.startWindow(this.windows.of(sender)));
    this.answer('folder:choose', async (_request, sender) => this.chooseFolder(this.windows.of(sender)));
    this.answer('folder:open-recent', async ({ path }, sender) => {
      if (!this.rooms.recentFolders.includes(path)) return refuse('That folder is not in the list any more.');
      return this.shown.openFolder(this.windows.of(sender), path);
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
    this.answer('settings:person-name', async ({ name }) => this.rooms.changePersonName(name));
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
      const outcome = this.shown.show(entry, await this.rooms.join(link, name, wait));
      if (outcome.ok) this.mirrorAsStarted(entry);
      return outcome;
    });
    this.answer('room:cancel-join', async (_request, sender) => {
      this.windows.of(sender).approvalWait.value = undefined;
      return accept(true);
    });
    this.answer('room:open-untitled', async (_request, sender) =>
      this.shown.show(this.windows.of(sender), await this.rooms.openScratchRoom()),
    );
    this.answer('room:leave', async (_request, sender) => {
      this.shown.leave(this.windows.of(sender));
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
      open: (key) => this.shown.openStored(entry, key),
      closeRoom: (host) => this.shown.leaveEverywhere(host),
      openWindow: this.options.openWindow,
    };
  }

  private startWindow(entry: WindowEntry): WindowStart {
    entry.isReady = true;
    const joinLink = entry.joinLink;
    entry.joinLink = undefined;
    this.shown.startPage(entry);
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
    return this.shown.openFolder(entry, path);
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
