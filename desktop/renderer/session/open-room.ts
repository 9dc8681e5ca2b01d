import { type Disposable, DisposableStore, Emitter } from '../../../shared/lifecycle/index.ts';
import { type AttachedDocument, AttachedSession, type AttachmentPort } from '../../../shared/sync/attachment/index.ts';
import { CLOSE_CODES } from '../../../shared/protocol/index.ts';
import { mayWrite } from '../../../shared/sync/index.ts';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { WorkspaceStatus } from '../../ipc/index.ts';

export type OpenStatus = Extract<WorkspaceStatus, { kind: 'open' }>;

/** How a session ends when its link is not good any more. */
const TOKEN_NOT_GRANTED = 4400;

/** The room in this window: the page's replica of the engine's session, and the list of files. */
export class OpenRoom implements Disposable {
  readonly session: AttachedSession;
  readonly index: WorkspaceIndex;
  readonly status: OpenStatus;
  private readonly disposables = new DisposableStore();
  private readonly indexDocument: AttachedDocument;
  private readonly listedEmitter = this.disposables.add(new Emitter<void>());
  private hasList = false;
  private wasLost = false;

  /** Fires when the list of files is complete for the first time, and whenever it or what self may do to it changes. */
  readonly onDidChangeFiles = this.listedEmitter.event;

  constructor(port: AttachmentPort, status: OpenStatus) {
    this.status = status;
    this.session = this.disposables.add(new AttachedSession());
    this.session.attach(port);
    this.indexDocument = this.disposables.add(this.session.open(INDEX_DOCUMENT));
    this.index = this.disposables.add(
      new WorkspaceIndex(this.indexDocument.doc, { random: Math.random, nowMs: Date.now }),
    );
    this.disposables.add(this.index.onDidChange(() => this.listedEmitter.fire()));
    this.disposables.add(this.session.onDidChangeState(() => this.noticeLoss()));
    this.disposables.add(this.session.onDidChangeSelf(() => this.listedEmitter.fire()));
    this.disposables.add(this.indexDocument.onDidChangeStatus(() => this.noticeList()));
    void this.indexDocument.whenReady.then(() => this.noticeList());
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

  /** Why self was put out of the room; undefined when that has not happened. */
  get lossExplanation(): string | undefined {
    const { state } = this.session;
    if (state.kind !== 'ended') return undefined;
    if (state.closeCode === CLOSE_CODES.revoked) return state.explanation;
    // Whoever made the room works on without a relay that takes their key.
    return state.closeCode === TOKEN_NOT_GRANTED && !this.status.isOwner ? state.explanation : undefined;
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private noticeLoss(): void {
    const isLost = this.lossExplanation !== undefined;
    if (isLost === this.wasLost) return;
    this.wasLost = isLost;
    this.listedEmitter.fire();
  }

  private noticeList(): void {
    if (!this.hasList && (this.indexDocument.status.wasSynced || this.status.isOwner)) this.hasList = true;
    this.listedEmitter.fire();
  }
}
