import type { Role } from '../../../shared/access/index.ts';
import type { Disposable, Event, Scheduler } from '../../../shared/lifecycle/index.ts';
import type { SyncHealth } from '../../../shared/sync/connection-health.ts';
import type { ConnectionState, SaveState } from '../../../shared/sync/connection-state.ts';
import type { FileKind } from '../../../shared/workspace/index-document.ts';
import type { ThemeSetting } from '../theme/theme-setting.ts';
import type { AccessModel } from './access-model.ts';
import type { AgreementView } from './agreement-view.ts';
import type { AuthorRangeView, AwayModel } from './away-model.ts';
import type { EventsModel } from './events-model.ts';
import type { Observable } from './observable.ts';
import type { Outcome } from './outcome.ts';
import type { MirrorModel } from './mirror-model.ts';
import type { StorageModel } from './storage-model.ts';
import type { ChatModel, CommentsModel, CommentZone } from './talk-model.ts';
import type { TransfersModel } from './transfers-model.ts';

export type { Outcome };

/** Everything that the interface knows about the world. It owns nothing of it. */
export interface WorkbenchModel {
  readonly scheduler: Scheduler;
  readonly platform: Platform;
  readonly connection: ConnectionModel;
  readonly room: RoomModel;
  readonly access: AccessModel;
  readonly chat: ChatModel;
  readonly comments: CommentsModel;
  readonly away: AwayModel;
  readonly events: EventsModel;
  readonly storage: StorageModel;
  readonly mirror: MirrorModel;
  readonly transfers: TransfersModel;
  readonly workspace: WorkspaceModel;
  readonly editors: EditorHost;
  readonly notifications: NotificationsModel;
  readonly settings: SettingsModel;
  readonly layout: LayoutModel;
}

/** Where the interface runs. */
export interface Platform {
  readonly host: 'desktop' | 'browser';
  /** Decides between Ctrl and Cmd, and how keys are written. */
  readonly os: 'mac' | 'windows' | 'linux';
  /** The system shows a menu of its own, so that the window needs none. */
  readonly hasNativeMenu: boolean;
}

export interface SettingsModel {
  readonly theme: Observable<ThemeSetting>;
  setTheme(theme: ThemeSetting): void;
}

/** Why edits have not been synced for three seconds; undefined while they are, and before. */
export type ConnectionDelay = Extract<SyncHealth, { kind: 'behind' }>['cause'] | undefined;

export interface ConnectionModel {
  /** Undefined while no workspace is open. Its times are of the scheduler's `elapsedMs`. */
  readonly state: Observable<ConnectionState | undefined>;
  readonly delay: Observable<ConnectionDelay>;
  /** Tries to connect at once, or tests the connection that stands. */
  retryNow(): void;
}

/** Somebody in the room. Names and paths come from others and are shown as text only. */
export interface ParticipantView {
  readonly presenceId: string;
  /** The person; the same on all of their devices. */
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
  /** Index into the presence palette, the same as that of the person's cursors in the editor. */
  readonly colorIndex: number;
  readonly isSelf: boolean;
  /** The file the person looks at, when it is known and still listed. */
  readonly fileId: string | undefined;
  readonly activePath: string | undefined;
}

/** Self, as the relay said last. */
export interface OwnPerson {
  readonly subject: string;
  readonly name: string;
  /** Index into the presence palette. */
  readonly colorIndex: number;
}

export interface RoomModel {
  /** Self first, then by name. Empty while nobody is known, self included. */
  readonly participants: Observable<readonly ParticipantView[]>;
  /** Known without a connection, too; undefined when the relay was never reached. */
  readonly ownPerson: Observable<OwnPerson | undefined>;
  /** Leaves the room and closes the workspace. Edits that were not sent stay on this device. */
  leaveRoom(): Promise<Outcome>;
}

/** A file as the explorer lists it. */
export interface WorkspaceFile {
  readonly fileId: string;
  /** Relative and `/`-separated; unique in the list. */
  readonly path: string;
  readonly kind: FileKind;
  readonly sizeBytes: number | undefined;
  /** Names the content of a file that is no text; not there while the room does not have it. */
  readonly blob?: string;
}

export type WorkspaceState =
  | { readonly kind: 'none' }
  /** `what` completes a sentence such as "Opening …". */
  | { readonly kind: 'opening'; readonly what: string }
  | { readonly kind: 'failed'; readonly title: string; readonly detail: string }
  | {
      readonly kind: 'open';
      readonly name: string;
      /** Folder on this device's disk; undefined for guests without one. */
      readonly folder: string | undefined;
      /** False until the list of files has been read or received for the first time. */
      readonly isListed: boolean;
      /** Whether self is shown only a part of the room's files, as far as that is known. */
      readonly isPartial: boolean;
      /** Why self cannot create, rename or delete files; undefined when self can. */
      readonly lockReason: string | undefined;
      readonly files: readonly WorkspaceFile[];
    };

export interface RecentFolder {
  readonly folder: string;
  readonly name: string;
}

/** A link that came from outside, such as the system or the page's address, and waits for a yes. */
export interface PendingJoin {
  /** May be anything; a damaged one is shown to be put right. */
  readonly link: string;
  /** Id of the room; empty when the link is damaged. */
  readonly room: string;
  /** What the room was called when self was there last. */
  readonly roomName: string | undefined;
  /** Empty when the link is damaged. */
  readonly relayHost: string;
  /** The folder to which the room is to be mirrored. */
  readonly mirrorFolder?: string | undefined;
}

/** What was open when the window showed a room last. */
export interface SavedLayout {
  /** As the docking component made it; to be taken as anything. */
  readonly tabs: unknown;
  /** Ids of open folders. */
  readonly expandedIds: readonly string[];
}

/** Keeps the layout of each room on this device, across restarts and reloads. */
export interface LayoutModel {
  /** That of the room that is open; undefined when there is none that can be read. */
  read(): SavedLayout | undefined;
  /** Keeps the layout of the room that is open. */
  write(layout: SavedLayout): void;
}

export interface WorkspaceModel {
  readonly state: Observable<WorkspaceState>;
  /** False where there are no folders to open, as in a browser. */
  readonly canOpenFolder: boolean;
  /** Known before {@link StorageModel.rooms}, in which they are, too. */
  readonly recentFolders: Observable<readonly RecentFolder[]>;
  readonly pendingJoin: Observable<PendingJoin | undefined>;
  /** The name that self used last; may be empty. */
  readonly displayName: Observable<string>;
  /** Keeps another name of self on this device, and tells the others in the room. */
  changeName(name: string): Promise<Outcome>;
  /** Asks for a folder when none is given. */
  openFolder(folder?: string): Promise<Outcome>;
  /** Opens this device's room without a folder. */
  openUntitled(): Promise<Outcome>;
  /** Checks the link and joins under `name`. Answers the pending join when there is one. */
  joinLink(link: string, name: string): Promise<Outcome>;
  dismissPendingJoin(): void;
  /** What the relay says while {@link joinLink} waits for an owner to let self in; undefined when it does not. */
  readonly approvalNotice: Observable<string | undefined>;
  /** Ends the wait: the pending {@link joinLink} fails. */
  cancelJoin(): void;
  /** Goes back to the welcome page after a failure. */
  dismissFailure(): void;
  createFile(path: string): Promise<CreateFileOutcome>;
  renameFile(fileId: string, newPath: string): Promise<Outcome>;
  /** Moves everything below `folderPath`; both are paths without a slash at the end. */
  renameFolder(folderPath: string, newFolderPath: string): Promise<Outcome>;
  deleteFiles(fileIds: readonly string[]): Promise<Outcome>;
}

export type CreateFileOutcome =
  | { readonly ok: true; readonly fileId: string }
  | { readonly ok: false; readonly explanation: string };

/** Something to do about a problem. */
export interface ProblemAction {
  readonly label: string;
  run(): void;
}

/** What a person must know about an open file; shown above its text. */
export interface FileProblem {
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly actions: readonly ProblemAction[];
}

export interface FileState {
  /** Undefined until the file's text is there. */
  readonly saveState: SaveState | undefined;
  /** Why self cannot type; undefined when self can. */
  readonly readOnlyReason: string | undefined;
  readonly problem: FileProblem | undefined;
  /** Undefined when nobody else has it open, or nothing is known of their copies. */
  readonly agreement: AgreementView | undefined;
}

/** What the status bar says about the editor that has or had the focus last. */
export interface EditorStatus {
  /** One-based. */
  readonly line: number;
  /** One-based. */
  readonly column: number;
  /** Zero when nothing is selected. */
  readonly selectedCharacters: number;
  readonly cursorCount: number;
  readonly eol: 'LF' | 'CRLF';
  /** As shown to people, such as "TypeScript". */
  readonly language: string;
}

export type EditorAction = 'undo' | 'redo' | 'find' | 'replace' | 'go-to-line' | 'select-all' | 'command-list';

/** One editor in one element. Disposing it leaves the element empty. */
export interface EditorHandle extends Disposable {
  /** Undefined until the text is shown. */
  readonly status: Observable<EditorStatus | undefined>;
  focus(): void;
  run(action: EditorAction): void;
  /**
   * Scrolls to the cursor of somebody who has the file open, once the text is shown; does nothing when there is none.
   */
  revealParticipant(presenceId: string): void;
  /** What is open between the lines; the interface fills it. */
  readonly commentZone: Observable<CommentZone | undefined>;
  /** Opens a place for a comment on what is selected, or on the line of the caret. */
  startComment(): Outcome;
  /** Scrolls to a thread of comments and opens it, once the text is shown; does nothing when it is not in the file. */
  revealThread(threadId: string): void;
  /** Goes to the thread that follows or precedes the open one, or else the caret; does nothing when there is none. */
  revealNeighbour(direction: 'next' | 'previous'): void;
  closeCommentZone(): void;
  /**
   * Puts the caret to the lines that both self and others changed while self was away, after or before the caret; does
   * nothing when there are none, or all were looked at.
   */
  revealOverlap(direction: 'next' | 'previous'): void;
}

/** Two states of a file. */
export interface ComparedTexts {
  /** Gives the editor its language. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
  /** Who wrote what of `after`. */
  readonly authors: readonly AuthorRangeView[];
}

/** A comparison that is shown. Disposing it leaves its element empty. */
export interface ComparisonView extends Disposable {
  /** Shows later states in their place. */
  update(texts: ComparedTexts): void;
}

/** Puts editors into elements. The interface decides where and when; the host does everything inside. */
export interface EditorHost {
  /**
   * Shows a text file in `element`, which is empty, fills its parent and may change its size or be off screen for a while.
   * While the text is not there the host shows its own progress. The same file may be shown more than once.
   */
  attachEditor(fileId: string, element: HTMLElement): EditorHandle;
  /** The state of one open file. The same observable for the same id as long as somebody is subscribed. */
  fileState(fileId: string): Observable<FileState>;
  /** Takes the relay's text of a file that differs; the one that is here is listed as a new file. Says how it went. */
  resync(fileId: string): void;
  /** Shows what differs in `element`, which is empty and fills its parent. */
  showComparison(element: HTMLElement, texts: ComparedTexts): ComparisonView;
  /** Told which file self looks at, for presence. */
  setActiveFile(fileId: string | undefined): void;
  /** Fires with the id of a file that is to be opened, for example by an action of a notification. */
  readonly onDidRequestOpen: Event<string>;
  /** Fires with the id of a file of which it is to be shown what changed while self was away. */
  readonly onDidRequestComparison: Event<string>;
}

export interface NotificationView {
  readonly id: string;
  readonly severity: 'info' | 'warning' | 'error';
  readonly title: string;
  readonly detail: string | undefined;
  /** What in title and detail is in the words of others, such as names and paths. */
  readonly quoted?: readonly string[];
  /** Listed, and not put before the person: they were told before. */
  readonly isQuiet?: boolean;
  /** Stays before the person until they close it, as an error with actions does. */
  readonly staysShown?: boolean;
  /** Shown from left to right; the last one is the main one. */
  readonly actions: readonly ProblemAction[];
}

export interface NotificationsModel {
  /** Newest last. */
  readonly items: Observable<readonly NotificationView[]>;
  dismiss(id: string): void;
}
