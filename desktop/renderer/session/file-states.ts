import { type Disposable, DisposableStore, Emitter } from '../../../shared/lifecycle/index.ts';
import type { AttachedDocument } from '../../../shared/sync/attachment/index.ts';
import type { SharedFile } from '../../../shared/workspace/index.ts';
import { followAgreement, isSameAgreement } from '../ui/agreement-view.ts';
import type { Observable } from '../ui/observable.ts';
import type { FileProblem, FileState } from '../ui/workbench-model.ts';
import { toAgreementView } from './agreement-notices.ts';
import type { OpenRoom } from './open-room.ts';
import { explainReadOnly } from './read-only.ts';

const UNKNOWN: FileState = {
  saveState: undefined,
  readOnlyReason: undefined,
  problem: undefined,
  agreement: undefined,
};

/** The state of one file, kept up to date while somebody watches it. */
class WatchedFile implements Observable<FileState> {
  private readonly changed = new Emitter<void>();
  private readonly room: OpenRoom;
  private readonly fileId: string;
  private readonly readProblem: (fileId: string) => FileProblem | undefined;
  private document: AttachedDocument | undefined;
  private subscriptions: DisposableStore | undefined;
  private listeners = 0;
  private isReady = false;
  private current = UNKNOWN;

  constructor(room: OpenRoom, fileId: string, readProblem: (fileId: string) => FileProblem | undefined) {
    this.room = room;
    this.fileId = fileId;
    this.readProblem = readProblem;
  }

  get(): FileState {
    return this.current;
  }

  subscribe(listener: () => void): Disposable {
    const subscription = this.changed.event(listener);
    if (this.listeners++ === 0) this.start();
    let isOver = false;
    return {
      dispose: () => {
        if (isOver) return;
        isOver = true;
        subscription.dispose();
        if (--this.listeners === 0) this.stop();
      },
    };
  }

  /** Looks again at what may have changed elsewhere. */
  refresh(): void {
    const { document } = this;
    if (!document) return;
    const listed = this.room.index.get(this.fileId);
    const { isKnown } = document.status;
    const isComing = !isKnown && this.isComing;
    const next: FileState = {
      // What waits here from an earlier start is known once the document is read.
      saveState: this.isReady && isKnown ? document.saveState : undefined,
      readOnlyReason: isComing ? undefined : explainReadOnly(this.room, document),
      agreement: followAgreement(this.current.agreement, toAgreementView(this.room, document.agreement)),
      problem: listed || !this.room.isListed ? this.readProblem(this.fileId) : this.deletedProblem(document),
    };
    if (isSame(this.current, next)) return;
    this.current = next;
    this.changed.fire();
  }

  /** A text that was never here is on its way: in a moment there is nothing to be said of it any more. */
  private get isComing(): boolean {
    const { kind } = this.room.session.state;
    return kind === 'online' || kind === 'catching-up';
  }

  private start(): void {
    const { session } = this.room;
    const subscriptions = new DisposableStore();
    this.subscriptions = subscriptions;
    const document = subscriptions.add(session.open(this.fileId));
    this.document = document;
    const refresh = () => this.refresh();
    subscriptions.add(document.onDidChangeStatus(refresh));
    subscriptions.add(session.onDidChangeSelf(refresh));
    subscriptions.add(session.onDidChangeState(refresh));
    subscriptions.add(session.onDidChangeParticipants(refresh));
    subscriptions.add(this.room.onDidChangeFiles(refresh));
    void document.whenReady.then(() => {
      if (this.document !== document) return;
      this.isReady = true;
      refresh();
    });
  }

  private stop(): void {
    this.subscriptions?.dispose();
    this.subscriptions = undefined;
    this.document = undefined;
    this.isReady = false;
    this.current = UNKNOWN;
  }

  private deletedProblem({ access, status }: AttachedDocument): FileProblem {
    const { room } = this;
    const lastListed = room.lastListed(this.fileId);
    const name = lastListed?.path ?? 'This file';
    if (room.isRemovedHere(this.fileId)) return this.ownDeletion(name, status.isKnown, lastListed);
    if (!status.isKnown) {
      const message = `${name} was deleted, or is not shared with you any more. Its text was never on this device.`;
      return { severity: 'warning', message, actions: [] };
    }
    if (room.isPartial || access === 'none') {
      const message = `${name} was deleted, or moved to where it is not shared with you. Its text here is as you saw it last.`;
      return { severity: 'warning', message, actions: [] };
    }
    if (!room.canEditList) {
      return { severity: 'warning', message: `${name} was deleted. Its text is still here.`, actions: [] };
    }
    return {
      severity: 'warning',
      message: `${name} was deleted. Its text is still here, and in the room's history; restore the file to go on with it.`,
      actions: lastListed ? [{ label: 'Restore File', run: () => this.restore(lastListed) }] : [],
    };
  }

  private ownDeletion(name: string, isKnown: boolean, lastListed: SharedFile | undefined): FileProblem {
    const text = isKnown
      ? "Its text is still here, and in the room's history"
      : 'Its text was never on this device, but is in the room’s history';
    const actions =
      lastListed && this.room.canEditList ? [{ label: 'Restore File', run: () => this.restore(lastListed) }] : [];
    return { severity: 'warning', message: `You deleted ${name}. ${text}.`, actions };
  }

  private restore(file: SharedFile): void {
    // The offer may be older than what self may do.
    if (this.room.canEditList && !this.room.index.get(file.fileId)) this.room.index.add([file]);
    this.refresh();
  }
}

/** The states of the files of one room, one observable each. */
export class FileStates {
  private readonly files = new Map<string, WatchedFile>();
  private readonly room: OpenRoom;
  private readonly readProblem: (fileId: string) => FileProblem | undefined;

  /** `readProblem` tells what the host reported about a file. */
  constructor(room: OpenRoom, readProblem: (fileId: string) => FileProblem | undefined) {
    this.room = room;
    this.readProblem = readProblem;
  }

  of(fileId: string): Observable<FileState> {
    const file = this.files.get(fileId) ?? new WatchedFile(this.room, fileId, this.readProblem);
    this.files.set(fileId, file);
    return file;
  }

  refresh(): void {
    for (const file of this.files.values()) file.refresh();
  }
}

function isSame(a: FileState, b: FileState): boolean {
  return (
    a.saveState === b.saveState &&
    a.readOnlyReason === b.readOnlyReason &&
    a.problem?.message === b.problem?.message &&
    isSameAgreement(a.agreement, b.agreement)
  );
}
