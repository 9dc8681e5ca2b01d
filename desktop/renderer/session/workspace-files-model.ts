import { parseShareLink } from '../../../shared/access/index.ts';
import { type Disposable, DisposableStore } from '../../../shared/lifecycle/index.ts';
import { type SharedFile, SharedPathError } from '../../../shared/workspace/index.ts';
import type { TuttiApi, WorkspaceStatus } from '../../ipc/index.ts';
import { type Observable, ObservableValue } from '../ui/observable.ts';
import type {
  CreateFileOutcome,
  Outcome,
  PendingJoin,
  RecentFolder,
  WorkspaceFile,
  WorkspaceModel,
  WorkspaceState,
} from '../ui/workbench-model.ts';
import { askHost } from './ask-host.ts';
import { observeEach, updateOn } from './observe.ts';
import type { OpenRoom } from './open-room.ts';
import { explainListLock } from './read-only.ts';
import { rememberedRoomName, rememberRoomName } from './room-names.ts';

const NO_ROOM: Outcome = { ok: false, explanation: 'No folder or room is open.' };

/** The open folder or room: its files and what may be done with them. */
export class RoomWorkspaceModel implements WorkspaceModel, Disposable {
  readonly state = new ObservableValue<WorkspaceState>({ kind: 'none' });
  readonly recentFolders = new ObservableValue<readonly RecentFolder[]>([]);
  readonly pendingJoin = new ObservableValue<PendingJoin | undefined>(undefined);
  readonly displayName = new ObservableValue('');
  readonly approvalNotice = new ObservableValue<string | undefined>(undefined);
  readonly canOpenFolder: boolean;
  private readonly disposables = new DisposableStore();
  private readonly room: Observable<OpenRoom | undefined>;
  private readonly status: Observable<WorkspaceStatus>;
  private readonly api: TuttiApi;
  private isFailureDismissed = false;

  constructor(
    room: Observable<OpenRoom | undefined>,
    status: Observable<WorkspaceStatus>,
    api: TuttiApi,
    canOpenFolder: boolean,
  ) {
    this.room = room;
    this.status = status;
    this.api = api;
    this.canOpenFolder = canOpenFolder;
    const update = () => this.update();
    this.disposables.add(observeEach(room, (open) => updateOn(update, (listener) => open.onDidChangeFiles(listener))));
    this.disposables.add(room.subscribe(update));
    this.disposables.add(
      status.subscribe(() => {
        this.isFailureDismissed = false;
        update();
      }),
    );
  }

  setRecentFolders(folders: readonly string[]): void {
    this.recentFolders.set(folders.map((folder) => ({ folder, name: lastSegment(folder) })));
  }

  /** A link came from outside: asks the person before anything is done with it. */
  requestJoin(link: string, mirrorFolder: string | undefined): void {
    const parsed = parseShareLink(link);
    if (!parsed.ok) {
      this.pendingJoin.set({ link, room: '', roomName: undefined, relayHost: '', mirrorFolder });
      return;
    }
    const { room, relayUrl } = parsed.link;
    this.pendingJoin.set({
      link,
      room,
      roomName: rememberedRoomName(room),
      // That a relay is not encrypted is to be seen.
      relayHost: relayUrl.replace(/^https:\/\//, ''),
      mirrorFolder,
    });
  }

  async openFolder(folder?: string): Promise<Outcome> {
    return askHost(() =>
      folder === undefined
        ? this.api.invoke('folder:choose', undefined)
        : this.api.invoke('folder:open-recent', { path: folder }),
    );
  }

  async openUntitled(): Promise<Outcome> {
    return askHost(() => this.api.invoke('room:open-untitled', undefined));
  }

  async joinLink(link: string, name: string): Promise<Outcome> {
    const parsed = parseShareLink(link);
    if (!parsed.ok) return parsed;
    const outcome = await askHost(() => this.api.invoke('room:join', { link, name }));
    this.approvalNotice.set(undefined);
    if (outcome.ok) {
      this.displayName.set(name);
      this.pendingJoin.set(undefined);
    }
    return outcome;
  }

  async changeName(name: string): Promise<Outcome> {
    const outcome = await askHost(() => this.api.invoke('settings:person-name', { name }));
    if (outcome.ok) this.displayName.set(name);
    return outcome;
  }

  cancelJoin(): void {
    void askHost(() => this.api.invoke('room:cancel-join', undefined));
  }

  dismissPendingJoin(): void {
    this.pendingJoin.set(undefined);
  }

  dismissFailure(): void {
    this.isFailureDismissed = true;
    this.update();
  }

  async createFile(path: string): Promise<CreateFileOutcome> {
    const room = this.room.get();
    if (!room) return { ok: false, explanation: 'No folder or room is open.' };
    const lock = explainListLock(room);
    if (lock !== undefined) return { ok: false, explanation: lock };
    return attempt(() => {
      const [fileId = ''] = room.index.add([{ path, eol: 'LF', bom: false, kind: 'text' }]);
      return { ok: true, fileId };
    });
  }

  async renameFile(fileId: string, newPath: string): Promise<Outcome> {
    return this.change((room) => room.index.update(fileId, { path: newPath }));
  }

  async renameFolder(folderPath: string, newFolderPath: string): Promise<Outcome> {
    return this.change((room) => room.index.renameFolder(folderPath, newFolderPath));
  }

  async deleteFiles(fileIds: readonly string[]): Promise<Outcome> {
    return this.change((room) => room.index.remove(fileIds));
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private change(run: (room: OpenRoom) => void): Outcome {
    const room = this.room.get();
    if (!room) return NO_ROOM;
    // What is refused by the relay would be in this list alone.
    const lock = explainListLock(room);
    if (lock !== undefined) return { ok: false, explanation: lock };
    return attempt(() => {
      run(room);
      return { ok: true };
    });
  }

  private update(): void {
    this.state.set(this.read());
  }

  private read(): WorkspaceState {
    const status = this.status.get();
    const room = this.room.get();
    if (status.kind === 'opening') return { kind: 'opening', what: lastSegment(status.label) };
    if (status.kind === 'failed' && !this.isFailureDismissed) {
      return { kind: 'failed', title: status.title, detail: status.explanation };
    }
    if (status.kind !== 'open') return { kind: 'none' };
    if (!room) return { kind: 'opening', what: 'the room' };
    if (room.index.roomName !== undefined) rememberRoomName(status.room, room.index.roomName);
    return {
      kind: 'open',
      name: room.index.roomName ?? nameWithout(status),
      folder: status.folderPath,
      isListed: room.isListed,
      isPartial: room.isPartial,
      lockReason: explainListLock(room),
      files: room.index.files.map(toWorkspaceFile),
    };
  }
}

function toWorkspaceFile({ fileId, path, kind, sizeBytes, blob }: SharedFile): WorkspaceFile {
  return { fileId, path, kind, sizeBytes, ...(blob === undefined ? {} : { blob }) };
}

/** Turns a refused path into an outcome; anything else is a defect and goes on. */
function attempt<T>(run: () => T): T | { readonly ok: false; readonly explanation: string } {
  try {
    return run();
  } catch (error) {
    if (error instanceof SharedPathError) return { ok: false, explanation: error.message };
    throw error;
  }
}

function lastSegment(path: string): string {
  return path.split(/[\\/]/).findLast((segment) => segment !== '') ?? path;
}

/** What a room is called that has no name yet. */
function nameWithout({ folderPath, isOwner }: Extract<WorkspaceStatus, { kind: 'open' }>): string {
  if (folderPath !== undefined) return lastSegment(folderPath);
  return isOwner ? 'Untitled room' : 'Shared room';
}
