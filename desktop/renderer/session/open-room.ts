import type * as Y from 'yjs';
import {
  type Disposable,
  DisposableStore,
  Emitter,
  type Scheduler,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import { type AttachedDocument, AttachedSession, type AttachmentPort } from '../../../shared/sync/attachment/index.ts';
import { CLOSE_CODES } from '../../../shared/protocol/index.ts';
import { mayWrite } from '../../../shared/sync/index.ts';
import { INDEX_DOCUMENT, type SharedFile, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { WorkspaceStatus } from '../../ipc/index.ts';

export type OpenStatus = Extract<WorkspaceStatus, { kind: 'open' }>;

/** How a session ends when its link is not good any more. */
const TOKEN_NOT_GRANTED = 4400;
const RUN_OUT = 'Your access to this room has run out. Ask an owner of the room for a new link.';

/** The room in this window: the page's replica of the engine's session, and the list of files. */
export class OpenRoom implements Disposable {
  readonly session: AttachedSession;
  readonly index: WorkspaceIndex;
  readonly status: OpenStatus;
  private readonly disposables = new DisposableStore();
  private readonly indexDocument: AttachedDocument;
  private readonly listedEmitter = this.disposables.add(new Emitter<void>());
  /** Every file that was listed since this window is in the room, as it was last. */
  private readonly seen = new Map<string, SharedFile>();
  /** Files that were taken from the list in this window. */
  private readonly removedHere = new Set<string>();
  private hasList = false;
  private loss: string | undefined;

  /** Fires when the list of files is complete for the first time, and whenever it or what self may do to it changes. */
  readonly onDidChangeFiles = this.listedEmitter.event;

  /** `scheduler` tells the time that the state of the connection is in; by default the system's. */
  constructor(port: AttachmentPort, status: OpenStatus, scheduler?: Scheduler) {
    this.status = status;
    this.session = this.disposables.add(new AttachedSession(scheduler));
    this.session.attach(port);
    this.indexDocument = this.disposables.add(this.session.open(INDEX_DOCUMENT));
    this.index = this.disposables.add(
      new WorkspaceIndex(this.indexDocument.doc, { random: Math.random, nowMs: Date.now }),
    );
    this.noteRemovals(this.indexDocument.doc.getMap('files'));
    this.disposables.add(
      this.index.onDidChange(() => {
        this.remember();
        this.listedEmitter.fire();
      }),
    );
    this.disposables.add(this.session.onDidChangeState(() => this.noticeLoss()));
    this.disposables.add(this.session.onDidChangeSelf(() => this.listedEmitter.fire()));
    this.disposables.add(this.indexDocument.onDidChangeStatus(() => this.noticeList()));
    void this.indexDocument.whenReady.then(() => this.noticeList());
    this.noticeLoss();
  }

  /** False until the list was read from this device or came from the relay. */
  get isListed(): boolean {
    return this.hasList || this.index.files.length > 0;
  }

  /** Whether only a part of the room's files is listed for self (SPEC AC5), as far as that can be told. */
  get isPartial(): boolean {
    return this.indexDocument.status.isRestricted;
  }

  /** Whether self may change the list of files. */
  get canEditList(): boolean {
    return mayWrite(this.indexDocument.access) && this.lossExplanation === undefined;
  }

  /** Why self is out of the room, until the relay lets self in again; undefined when that has not happened. */
  get lossExplanation(): string | undefined {
    return this.loss;
  }

  /** A file as it is listed, or as it was before it was deleted; undefined when this window has not seen it. */
  lastListed(fileId: string): SharedFile | undefined {
    return this.index.get(fileId) ?? this.seen.get(fileId);
  }

  /** Whether it was deleted in this window, and is not back. */
  isRemovedHere(fileId: string): boolean {
    return this.removedHere.has(fileId) && this.index.get(fileId) === undefined;
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private noteRemovals(entries: Y.Map<unknown>): void {
    const notice = ({ keys }: Y.YMapEvent<unknown>, { local }: Y.Transaction) => {
      for (const [fileId, { action }] of keys) {
        if (local && action === 'delete') this.removedHere.add(fileId);
        else this.removedHere.delete(fileId);
      }
    };
    entries.observe(notice);
    this.disposables.add(toDisposable(() => entries.unobserve(notice)));
  }

  private remember(): void {
    for (const file of this.index.files) this.seen.set(file.fileId, file);
  }

  private noticeLoss(): void {
    const { state } = this.session;
    // While another try is made, nothing says that it is over.
    if (state.kind === 'connecting' || state.kind === 'reconnecting') return;
    const loss = this.findLoss();
    if (loss === this.loss) return;
    this.loss = loss;
    this.listedEmitter.fire();
  }

  private findLoss(): string | undefined {
    const { state } = this.session;
    if (state.kind !== 'ended') return undefined;
    if (state.closeCode === CLOSE_CODES.revoked) return state.explanation;
    // Whoever made the room works on without a relay that takes their key.
    if (this.status.isOwner) return undefined;
    if (state.closeCode === CLOSE_CODES.unauthenticated) return RUN_OUT;
    return state.closeCode === TOKEN_NOT_GRANTED ? state.explanation : undefined;
  }

  private noticeList(): void {
    if (!this.hasList && (this.indexDocument.status.wasSynced || this.status.isOwner)) this.hasList = true;
    this.listedEmitter.fire();
  }
}
