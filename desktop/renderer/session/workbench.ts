import { type Disposable, DisposableStore, Emitter, systemScheduler } from '../../../shared/lifecycle/index.ts';
import type { AttachmentPort } from '../../../shared/sync/attachment/index.ts';
import type { SessionProblem } from '../../../shared/sync/index.ts';
import { CHAT_DOCUMENT, COMMENTS_DOCUMENT } from '../../../shared/workspace/index.ts';
import type { ProblemReport, WorkspaceStatus } from '../../ipc/index.ts';
import type { WorkbenchHost } from '../host/workbench-host.ts';
import { showDifference } from '../editor/index.ts';
import { ObservableValue } from '../ui/observable.ts';
import type {
  EditorHost,
  FileProblem,
  FileState,
  NotificationView,
  Platform,
  WorkbenchModel,
} from '../ui/workbench-model.ts';
import { AgreementNotices } from './agreement-notices.ts';
import { askHost } from './ask-host.ts';
import { RoomAwayModel } from './away-model.ts';
import { RoomChatModel } from './chat-model.ts';
import { RoomCommentsModel } from './comments-model.ts';
import { RoomEventsModel } from './events-model.ts';
import { JoinRequestNotices } from './join-request-notices.ts';
import { RoomConnectionModel } from './connection-model.ts';
import { LayoutStore } from './layout-store.ts';
import { FolderMirrorModel } from './mirror-model.ts';
import { NotificationList } from './notifications-model.ts';
import { observeEach } from './observe.ts';
import { OpenRoom } from './open-room.ts';
import { RoomAccessModel } from './room-access-model.ts';
import { RoomEditors } from './room-editors.ts';
import { OpenRoomModel } from './room-model.ts';
import { RoomTalk } from './room-talk.ts';
import { DeviceStorageModel } from './storage-model.ts';
import { RoomTransfersModel } from './transfers-model.ts';
import { SettingsStore } from './settings-model.ts';
import { RoomWorkspaceModel } from './workspace-files-model.ts';

const NO_FILE_STATE = new ObservableValue<FileState>({
  saveState: undefined,
  readOnlyReason: undefined,
  problem: undefined,
  agreement: undefined,
});

const TALK_NAMES: ReadonlyMap<string, string> = new Map([
  [CHAT_DOCUMENT, 'the chat'],
  [COMMENTS_DOCUMENT, 'the comments'],
]);

/** As problems of the session are named. */
const SESSION_ENDED_NOTICE = 'session:session-ended:';

/** Everything behind the interface of one window, whether in Electron or in a browser. */
export class Workbench implements WorkbenchModel, Disposable {
  readonly scheduler = systemScheduler;
  readonly platform: Platform;
  readonly connection: RoomConnectionModel;
  readonly room: OpenRoomModel;
  readonly access: RoomAccessModel;
  readonly chat: RoomChatModel;
  readonly comments: RoomCommentsModel;
  readonly away: RoomAwayModel;
  readonly events: RoomEventsModel;
  readonly storage: DeviceStorageModel;
  readonly mirror: FolderMirrorModel;
  readonly transfers: RoomTransfersModel;
  readonly workspace: RoomWorkspaceModel;
  readonly editors: EditorHost;
  private readonly disposables = new DisposableStore();
  readonly notifications = this.disposables.add(new NotificationList());
  readonly settings: SettingsStore;
  readonly layout: LayoutStore;
  private readonly host: WorkbenchHost;
  private readonly agreement: AgreementNotices;
  private readonly status = new ObservableValue<WorkspaceStatus>({ kind: 'none' });
  private readonly openRoom = new ObservableValue<OpenRoom | undefined>(undefined);
  private readonly activeFileId = new ObservableValue<string | undefined>(undefined);
  private pendingPort: AttachmentPort | undefined;
  private readonly fileProblems = new Map<string, FileProblem>();
  /** Ids of notifications about the open room. */
  private readonly roomNotices = new Set<string>();
  private readonly openRequests = this.disposables.add(new Emitter<string>());
  private readonly comparisonRequests = this.disposables.add(new Emitter<string>());
  private readonly commands = this.disposables.add(new Emitter<string>());

  /** Fires with the id of a command that the system's menu asks for. */
  readonly onDidRequestCommand = this.commands.event;

  private readonly talk = this.disposables.add(observeEach(this.openRoom, (room) => new RoomTalk(room)));
  private readonly roomEditors = this.disposables.add(
    observeEach(
      this.talk,
      (talk) =>
        new RoomEditors(talk, (fileId) => this.fileProblems.get(fileId), {
          onCommentWanted: () => this.commands.fire('comments.add'),
          onComparisonWanted: (fileId) => this.comparisonRequests.fire(fileId),
        }),
    ),
  );

  constructor(host: WorkbenchHost, os: Platform['os']) {
    this.host = host;
    this.platform = {
      host: host.kind === 'electron' ? 'desktop' : 'browser',
      os,
      hasNativeMenu: host.kind === 'electron',
    };
    this.settings = new SettingsStore();
    this.layout = new LayoutStore(this.openRoom);
    this.connection = this.disposables.add(new RoomConnectionModel(this.openRoom, systemScheduler));
    this.room = this.disposables.add(new OpenRoomModel(this.openRoom, host.api, this.activeFileId));
    this.workspace = this.disposables.add(
      new RoomWorkspaceModel(this.openRoom, this.status, host.api, host.kind === 'electron'),
    );
    this.access = this.disposables.add(new RoomAccessModel(this.openRoom, host, this.notifications));
    this.chat = this.disposables.add(new RoomChatModel(this.talk));
    this.comments = this.disposables.add(new RoomCommentsModel(this.talk));
    this.away = this.disposables.add(new RoomAwayModel(this.openRoom));
    this.events = this.disposables.add(
      new RoomEventsModel(
        this.openRoom,
        {
          list: (page) => host.api.invoke('history:list-events', page),
          listDocuments: (event) => host.api.invoke('history:list-event-documents', event),
        },
        systemScheduler,
      ),
    );
    this.mirror = this.disposables.add(new FolderMirrorModel(this.status, host.api, host.kind === 'electron'));
    this.transfers = this.disposables.add(new RoomTransfersModel(this.openRoom, host.api));
    this.storage = this.disposables.add(new DeviceStorageModel(this.status, host, systemScheduler));
    this.disposables.add(new JoinRequestNotices(this.access, this.notifications));
    this.disposables.add(
      this.access.loss.subscribe(() => {
        // The banner over the whole window says it.
        if (this.access.loss.get()) this.notifications.remove(SESSION_ENDED_NOTICE);
      }),
    );
    this.agreement = this.disposables.add(
      new AgreementNotices(this.openRoom, {
        show: (notice) => this.showNotice(notice),
        remove: (id) => this.notifications.remove(id),
      }),
    );
    this.editors = this.createEditorHost();
    this.disposables.add(
      observeEach(this.openRoom, (room) => room.session.onProblem((problem) => this.tellSessionProblem(room, problem))),
    );
    this.disposables.add(
      this.notifications.onDidDismiss((id) => {
        // What belongs to no room is this window's own.
        if (!this.roomNotices.delete(id)) return;
        void askHost(() => host.api.invoke('problem:dismiss', { id }));
      }),
    );
  }

  /** Asks the host what to show, and follows it. */
  async start(): Promise<void> {
    const { api } = this.host;
    this.disposables.add(this.host.onSessionPort((port) => this.enterRoom(port)));
    const stops = [
      api.on('workspace:status', (status) => this.setStatus(status)),
      api.on('workspace:recent-folders', (folders) => this.workspace.setRecentFolders(folders)),
      api.on('problem', (problem) => this.showProblem(problem)),
      api.on('blob:transfers', ({ room, state }) => this.transfers.take(room, state)),
      api.on('history:posted', ({ room }) => this.events.notePosted(room)),
      api.on('mirror:state', ({ room, state }) => this.mirror.take(room, state)),
      api.on('command', ({ id }) => this.commands.fire(id)),
      api.on('join-requested', ({ link, mirrorFolder }) => this.workspace.requestJoin(link, mirrorFolder)),
      api.on('join-waiting', ({ message }) => this.workspace.approvalNotice.set(message)),
    ];
    for (const stop of stops) this.disposables.add({ dispose: stop });
    const start = await api.invoke('window:ready', undefined);
    this.workspace.approvalNotice.set(undefined);
    this.workspace.displayName.set(start.personName);
    this.workspace.setRecentFolders(start.recentFolders);
    this.setStatus(start.status);
    if (start.joinLink !== undefined) this.workspace.requestJoin(start.joinLink, start.mirrorFolder);
  }

  dispose(): void {
    this.leaveRoom();
    this.disposables.dispose();
  }

  private setStatus(status: WorkspaceStatus): void {
    if (status.kind !== 'open' || status.room !== this.openRoom.get()?.status.room) this.leaveRoom();
    this.status.set(status);
    this.enterPendingRoom();
  }

  private enterRoom(port: AttachmentPort): void {
    this.pendingPort?.dispose();
    this.pendingPort = port;
    this.enterPendingRoom();
  }

  // The port and the status may come in either order.
  private enterPendingRoom(): void {
    const status = this.status.get();
    const port = this.pendingPort;
    if (status.kind !== 'open' || !port) return;
    this.pendingPort = undefined;
    // The same room over a new port is what people were told about it.
    if (this.openRoom.get()?.status.room === status.room) this.closeRoom();
    else this.leaveRoom();
    this.openRoom.set(new OpenRoom(port, status));
  }

  private leaveRoom(): void {
    // What was told without a room is about the one that comes.
    if (!this.closeRoom()) return;
    this.fileProblems.clear();
    for (const id of this.roomNotices) this.notifications.remove(id);
    this.roomNotices.clear();
  }

  private closeRoom(): boolean {
    const room = this.openRoom.get();
    this.openRoom.set(undefined);
    room?.dispose();
    return room !== undefined;
  }

  private tellSessionProblem(room: OpenRoom, { kind, document = '', explanation }: SessionProblem): void {
    if (kind === 'session-ended' && room.lossExplanation !== undefined) return;
    if (kind === 'store-recovered') return this.notifications.remove(`session:store-failed:${document}`);
    // An open editor says it above its text, for as long as it is so.
    if (kind === 'update-refused' && this.roomEditors.get()?.isShown(document)) return;
    const path = room.index.get(document)?.path;
    const name = path === undefined ? TALK_NAMES.get(document) : `"${path}"`;
    const title = name === undefined ? explanation : explanation.replaceAll(`"${document}"`, name);
    this.showNotice({ id: `session:${kind}:${document}`, severity: 'error', title, detail: undefined, actions: [] });
  }

  private showNotice(notice: NotificationView): void {
    this.roomNotices.add(notice.id);
    this.notifications.show(notice);
  }

  private createEditorHost(): EditorHost {
    return {
      attachEditor: (fileId, element) => {
        const editors = this.roomEditors.get();
        if (!editors) throw new Error('an editor needs an open room');
        return editors.attach(fileId, element);
      },
      fileState: (fileId) => this.roomEditors.get()?.fileStates.of(fileId) ?? NO_FILE_STATE,
      resync: (fileId) => void this.agreement.resync(fileId),
      setActiveFile: (fileId) => {
        this.activeFileId.set(fileId);
        this.roomEditors.get()?.setActiveFile(fileId);
      },
      showComparison: (element, texts) => showDifference(element, texts),
      onDidRequestOpen: this.openRequests.event,
      onDidRequestComparison: this.comparisonRequests.event,
    };
  }

  private showProblem(problem: ProblemReport): void {
    const { id, severity, title, detail, fileId, path, command, canRetry, isQuiet = false, isResolved } = problem;
    const retry = {
      label: 'Try Again',
      run: () => void askHost(() => this.host.api.invoke('mirror:retry', undefined)),
    };
    const help = command && { label: command.label, run: () => this.commands.fire(command.id) };
    const reveal = fileId === undefined && !canRetry && path !== undefined && path !== '';
    const actions = [
      ...(reveal ? [{ label: 'Show in Folder', run: () => void this.mirror.showFile(path) }] : []),
      ...(help ? [help] : []),
      ...(canRetry ? [retry] : []),
    ];
    if (isResolved) {
      this.notifications.remove(id);
      this.roomNotices.delete(id);
      if (fileId !== undefined) this.fileProblems.delete(fileId);
    } else {
      const show = { label: 'Show File', run: () => fileId !== undefined && this.openRequests.fire(fileId) };
      const all = fileId === undefined ? actions : [show, ...actions];
      this.showNotice({ id, severity, title, detail, isQuiet, actions: all });
      // What has happened and is over is told, but no state of the file.
      if (fileId !== undefined && canRetry)
        this.fileProblems.set(fileId, { severity, message: `${title} ${detail}`, actions });
    }
    this.roomEditors.get()?.fileStates.refresh();
  }
}
