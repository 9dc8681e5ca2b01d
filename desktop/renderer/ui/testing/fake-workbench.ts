import { Emitter, type Scheduler, systemScheduler } from '../../../../shared/lifecycle/index.ts';
import type { ConnectionState } from '../../../../shared/sync/connection-state.ts';
import { ObservableValue } from '../observable.ts';
import { FakeAccess } from './fake-access.ts';
import { FakeAway } from './fake-away.ts';
import { FakeEvents } from './fake-events.ts';
import { FakeMirror } from './fake-mirror.ts';
import { FakeStorage } from './fake-storage.ts';
import { FakeTransfers } from './fake-transfers.ts';
import { FakeTalk } from './fake-talk.ts';
import type { CommentZone } from '../talk-model.ts';
import type {
  ConnectionDelay,
  ComparedTexts,
  EditorAction,
  EditorHandle,
  EditorStatus,
  FileState,
  NotificationView,
  Outcome,
  OwnPerson,
  ParticipantView,
  PendingJoin,
  RecentFolder,
  SavedLayout,
  WorkbenchModel,
  WorkspaceFile,
  WorkspaceState,
} from '../workbench-model.ts';

const OK: Outcome = { ok: true };
const FILE_STATE: FileState = {
  saveState: { kind: 'on-the-relay' },
  readOnlyReason: undefined,
  problem: undefined,
  agreement: undefined,
};

/** A workspace in memory behind the interface's model, with everything settable from a test. Editors are plain boxes. */
export class FakeWorkbench {
  readonly workspaceState = new ObservableValue<WorkspaceState>({ kind: 'none' });
  readonly connectionState = new ObservableValue<ConnectionState | undefined>({ kind: 'online', sinceMs: 0 });
  readonly connectionDelay = new ObservableValue<ConnectionDelay>(undefined);
  readonly participants = new ObservableValue<readonly ParticipantView[]>([]);
  readonly ownPerson = new ObservableValue<OwnPerson | undefined>(undefined);
  readonly notifications = new ObservableValue<readonly NotificationView[]>([]);
  readonly recentFolders = new ObservableValue<readonly RecentFolder[]>([]);
  readonly pendingJoin = new ObservableValue<PendingJoin | undefined>(undefined);
  readonly displayName = new ObservableValue('');
  readonly theme = new ObservableValue<'system' | 'dark' | 'light'>('dark');
  readonly openRequests = new Emitter<string>();
  readonly comparisonRequests = new Emitter<string>();
  /** What was asked of the model, oldest first. */
  readonly calls: string[] = [];
  /** What the next actions answer. */
  nextOutcome: Outcome = OK;
  readonly approvalNotice = new ObservableValue<string | undefined>(undefined);
  readonly access: FakeAccess;
  readonly talk = new FakeTalk((call) => this.calls.push(call));
  readonly away = new FakeAway((call) => this.calls.push(call));
  readonly events = new FakeEvents((call) => this.calls.push(call));
  readonly mirror = new FakeMirror((call) => this.answer(call));
  readonly transfers = new FakeTransfers((call) => this.answer(call));
  readonly storage = new FakeStorage((call, change) => this.answer(call, change));
  /** What editors show between their lines. */
  readonly commentZone = new ObservableValue<CommentZone | undefined>(undefined);
  savedLayout: SavedLayout | undefined;
  liveEditors = 0;
  readonly model: WorkbenchModel;
  private readonly fileStates = new Map<string, ObservableValue<FileState>>();
  private createdCount = 0;

  private readonly options: { readonly canOpenFolder?: boolean };

  constructor(scheduler: Scheduler = systemScheduler, options: { readonly canOpenFolder?: boolean } = {}) {
    this.options = options;
    this.access = new FakeAccess((call) => this.answer(call));
    this.model = this.createModel(scheduler);
  }

  open(
    paths: readonly string[],
    options: { readonly isListed?: boolean; readonly isPartial?: boolean; readonly lockReason?: string } = {},
  ): void {
    const files = paths.map((path, index): WorkspaceFile => {
      const kind = path.endsWith('.png') ? 'binary' : path.endsWith('.log') ? 'oversized' : 'text';
      return { fileId: `f${index}`, path, kind, sizeBytes: kind === 'text' ? undefined : 7_340_032 };
    });
    const { isListed = true, isPartial = false, lockReason } = options;
    this.workspaceState.set({
      kind: 'open',
      name: 'tutti-demo',
      folder: '/home/ana/tutti-demo',
      isListed,
      isPartial,
      lockReason,
      files,
    });
  }

  get files(): readonly WorkspaceFile[] {
    const state = this.workspaceState.get();
    return state.kind === 'open' ? state.files : [];
  }

  setFileState(fileId: string, state: Partial<FileState>): void {
    const observable = this.fileState(fileId);
    observable.set({ ...observable.get(), ...state });
  }

  private fileState(fileId: string): ObservableValue<FileState> {
    const known = this.fileStates.get(fileId);
    if (known) return known;
    const created = new ObservableValue(FILE_STATE);
    this.fileStates.set(fileId, created);
    return created;
  }

  private setFiles(change: (files: readonly WorkspaceFile[]) => readonly WorkspaceFile[]): void {
    const state = this.workspaceState.get();
    if (state.kind === 'open') this.workspaceState.set({ ...state, files: change(state.files) });
  }

  private async answer(call: string, change: () => void = () => undefined): Promise<Outcome> {
    this.calls.push(call);
    await Promise.resolve();
    const outcome = this.nextOutcome;
    this.nextOutcome = OK;
    if (outcome.ok) change();
    return outcome;
  }

  private renameAll(from: (file: WorkspaceFile) => string | undefined): void {
    this.setFiles((files) =>
      files.map((file) => {
        const path = from(file);
        return path === undefined ? file : { ...file, path };
      }),
    );
  }

  private attachEditor(fileId: string, element: HTMLElement): EditorHandle {
    const status = new ObservableValue<EditorStatus | undefined>({
      line: 3,
      column: 14,
      selectedCharacters: 0,
      cursorCount: 1,
      eol: 'LF',
      language: 'TypeScript',
    });
    const box = document.createElement('textarea');
    box.setAttribute('aria-label', `Text of ${fileId}`);
    box.style.cssText =
      'width:100%;height:100%;border:0;outline:0;resize:none;background:transparent;color:inherit;font:14px monospace;padding:4px 60px';
    box.value = 'import { renderWorkbench } from "./ui/index.ts";\n\nrenderWorkbench(document.body, model);\n';
    element.append(box);
    this.liveEditors++;
    return {
      status,
      focus: () => box.focus(),
      run: (action: EditorAction) => void this.calls.push(`editor ${action}`),
      revealParticipant: (presenceId) => void this.calls.push(`reveal ${presenceId}`),
      commentZone: this.commentZone,
      startComment: () => {
        this.calls.push('start comment');
        return this.talk.outcome;
      },
      revealThread: (threadId) => void this.calls.push(`reveal thread ${threadId}`),
      revealNeighbour: (direction) => void this.calls.push(`reveal ${direction} thread`),
      closeCommentZone: () => this.commentZone.set(undefined),
      revealOverlap: (direction) => void this.calls.push(`reveal ${direction} overlap`),
      dispose: () => {
        this.liveEditors--;
        box.remove();
      },
    };
  }

  private createModel(scheduler: Scheduler): WorkbenchModel {
    const { calls } = this;
    return {
      scheduler,
      platform: { host: 'desktop', os: 'linux', hasNativeMenu: false },
      layout: {
        read: () => this.savedLayout,
        write: (layout) => (this.savedLayout = layout),
      },
      settings: { theme: this.theme, setTheme: (theme) => this.theme.set(theme) },
      connection: {
        state: this.connectionState,
        delay: this.connectionDelay,
        retryNow: () => void calls.push('retryNow'),
      },
      room: {
        participants: this.participants,
        ownPerson: this.ownPerson,
        leaveRoom: () => this.answer('leaveRoom', () => this.workspaceState.set({ kind: 'none' })),
      },
      access: this.access.model,
      chat: this.talk.chat,
      comments: this.talk.comments,
      away: this.away.model,
      events: this.events.model,
      storage: this.storage.model,
      mirror: this.mirror.model,
      transfers: this.transfers.model,
      workspace: this.createWorkspace(),
      editors: {
        attachEditor: (fileId, element) => this.attachEditor(fileId, element),
        fileState: (fileId) => this.fileState(fileId),
        resync: (fileId) => void calls.push(`resync ${fileId}`),
        setActiveFile: (fileId) => void calls.push(`active ${fileId ?? 'none'}`),
        showComparison: (element, texts) => {
          const update = ({ before, after, authors }: ComparedTexts) => {
            element.textContent = `${before} → ${after} by ${authors.map(({ name }) => name).join(', ')}`;
          };
          calls.push('show comparison');
          update(texts);
          return { update, dispose: () => element.replaceChildren() };
        },
        onDidRequestOpen: this.openRequests.event,
        onDidRequestComparison: this.comparisonRequests.event,
      },
      notifications: {
        items: this.notifications,
        dismiss: (id) => this.notifications.set(this.notifications.get().filter((item) => item.id !== id)),
      },
    };
  }

  private createWorkspace(): WorkbenchModel['workspace'] {
    return {
      state: this.workspaceState,
      canOpenFolder: this.options.canOpenFolder ?? true,
      recentFolders: this.recentFolders,
      pendingJoin: this.pendingJoin,
      displayName: this.displayName,
      openFolder: (folder) => this.answer(`openFolder ${folder ?? ''}`),
      openUntitled: () => this.answer('openUntitled'),
      joinLink: (link, name) => this.answer(`joinLink ${link} ${name}`, () => this.pendingJoin.set(undefined)),
      changeName: (name) => this.answer(`changeName ${name}`, () => this.displayName.set(name)),
      approvalNotice: this.approvalNotice,
      cancelJoin: () => void this.calls.push('cancelJoin'),
      dismissPendingJoin: () => this.pendingJoin.set(undefined),
      dismissFailure: () => this.workspaceState.set({ kind: 'none' }),
      createFile: async (path) => {
        const fileId = `new${++this.createdCount}`;
        const file: WorkspaceFile = { fileId, path, kind: 'text', sizeBytes: undefined };
        const outcome = await this.answer(`createFile ${path}`, () => this.setFiles((files) => [...files, file]));
        return outcome.ok ? { ok: true, fileId } : outcome;
      },
      renameFile: (fileId, path) =>
        this.answer(`renameFile ${fileId} ${path}`, () =>
          this.renameAll((file) => (file.fileId === fileId ? path : undefined)),
        ),
      renameFolder: (from, to) =>
        this.answer(`renameFolder ${from} ${to}`, () =>
          this.renameAll((file) =>
            file.path.startsWith(`${from}/`) ? `${to}${file.path.slice(from.length)}` : undefined,
          ),
        ),
      deleteFiles: (fileIds) =>
        this.answer(`deleteFiles ${fileIds.join(' ')}`, () =>
          this.setFiles((files) => files.filter((file) => !fileIds.includes(file.fileId))),
        ),
    };
  }
}

/** Somebody in the room. */
export function createParticipant(name: string, rest: Partial<ParticipantView> = {}): ParticipantView {
  return {
    presenceId: name,
    subject: name,
    name,
    role: 'editor',
    colorIndex: 0,
    isSelf: false,
    fileId: undefined,
    activePath: undefined,
    ...rest,
  };
}
