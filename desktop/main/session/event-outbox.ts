import {
  type Disposable,
  DisposableStore,
  Emitter,
  MutableDisposable,
  type Scheduler,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import type { RoomEvents } from '../../../shared/sync/administration/index.ts';
import { writeReplacement } from '../../../shared/sync/blobs/index.ts';
import type { AckedEdits, RoomSession } from '../../../shared/sync/index.ts';
import { INDEX_DOCUMENT } from '../../../shared/workspace/index.ts';
import type { EventBody, PendingEvents } from '../store/pending-events.ts';
import { BULK_FILES, type BulkLedger } from '../workspace/bulk-recognition.ts';
import type { ReplacedBlob } from '../workspace/blob-sync.ts';
import type { GitState } from '../workspace/git-state.ts';
import { EventAcks } from './event-acks.ts';
import {
  countFiles,
  createEvent,
  describeReplaced,
  type KnownEvent,
  type NotedReplacement,
  type TouchedDocument,
} from './known-event.ts';
import type { RoomFiles, TakenChange } from './room-files.ts';

const RETRY_MS = 30_000;
/** An event that the relay has the edits of waits so long for contents that belong to it. */
const CONTENTS_MS = 30_000;

export interface EventOutboxOptions {
  readonly session: Pick<RoomSession, 'onDidAck' | 'onDidChangeState' | 'state'>;
  readonly pending: PendingEvents;
  readonly events: Pick<RoomEvents, 'post'>;
  readonly scheduler: Scheduler;
}

/** What the folder's mirror changes in the room. */
type TakenFiles = Pick<RoomFiles, 'onDidTake' | 'isBulk'>;

/**
 * Tells the relay's history which edits were one act, once the relay has all of them. What it could not be told outlives
 * the process.
 */
export class EventOutbox implements BulkLedger, Disposable {
  private readonly options: EventOutboxOptions;
  private readonly disposables = new DisposableStore();
  private readonly refused = this.disposables.add(new Emitter<string>());
  private readonly retry = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly contentsDue = this.disposables.add(new MutableDisposable<Disposable>());
  /** When {@link contentsDue} is over. */
  private postsAtMs: number | undefined;
  private readonly acks = new EventAcks((event, span) => {
    if (event.isKept || event.body) this.options.pending.setSpan(event.eventId, span);
  });
  /** Complete events that wait for the content of a file. */
  private readonly awaiting = new Map<string, KnownEvent>();
  /** Complete events of which the relay has all edits, by when they were completed. */
  private readonly acked: KnownEvent[] = [];
  private completed = 0;
  private current = createEvent();
  private files: TakenFiles | undefined;
  private posting: Promise<void> | undefined;
  private isPostAgain = false;

  /** Fires with an explanation for the person when the relay does not take an event: its edits are there all the same. */
  readonly onDidRefuse = this.refused.event;

  /** Takes up what an earlier start left; the session may not have connected yet. */
  constructor(options: EventOutboxOptions) {
    this.options = options;
    const { session } = options;
    this.restore();
    this.disposables.add(session.onDidAck((edits) => this.noticeAcked(edits)));
    this.disposables.add(session.onDidChangeState(() => this.post()));
  }

  /** Begins to note what is taken from disk. Dispose the result with the files. */
  follow(files: TakenFiles): Disposable {
    this.files = files;
    const subscription = files.onDidTake((change) => this.noticeTaken(change));
    return toDisposable(() => {
      subscription.dispose();
      if (this.files === files) this.files = undefined;
    });
  }

  get git(): GitState | undefined {
    return this.options.pending.git;
  }

  get changedFiles(): number {
    return countFiles(this.current);
  }

  expectBulk(): void {
    const { pending } = this.options;
    if (this.files) this.files.isBulk = true;
    if (this.current.isKept) return;
    this.current.isKept = true;
    pending.begin(this.current.eventId);
    for (const document of this.current.documents.keys()) pending.addDocument(this.current.eventId, document);
  }

  expectContent(fileId: string, blob: string): void {
    const known = this.awaiting.get(fileId);
    if (known?.awaited.get(fileId) === blob) return;
    known?.awaited.delete(fileId);
    this.awaiting.delete(fileId);
    this.current.awaited.set(fileId, blob);
  }

  close(label: string | undefined, git: GitState | undefined): void {
    const { pending, scheduler } = this.options;
    const { current } = this;
    if (this.files) this.files.isBulk = false;
    this.current = createEvent();
    if (git !== undefined) pending.git = git;
    if (label === undefined || countFiles(current) === 0) {
      if (current.isKept) pending.delete(current.eventId);
      this.tellReplaced(current, current.replacements);
      this.acks.drop(current);
      return;
    }
    if (!current.isKept)
      for (const document of current.documents.keys()) pending.addDocument(current.eventId, document);
    this.complete(current);
    this.describe(current, { kind: 'bulk', label, files: countFiles(current), atMs: scheduler.now() });
    this.post();
  }

  closeLoose(): void {
    const { current } = this;
    if (!current.isRestored && countFiles(current) > 0) this.close(undefined, undefined);
  }

  /** A file was replaced by the edit of this number in the list of files. It is told with what it belongs to. */
  noteReplaced(replaced: ReplacedBlob, lastEdit: number): void {
    const { fileId } = replaced;
    const event = this.awaiting.get(fileId) ?? this.current;
    event.awaited.delete(fileId);
    this.awaiting.delete(fileId);
    event.replacements.push({ replaced, lastEdit });
    if (event.body) this.describe(event, { ...event.body, files: countFiles(event) });
    this.post();
  }

  /** Replacements that were taken with an event are told by themselves. */
  private tellReplaced({ documents }: KnownEvent, replacements: readonly NotedReplacement[]): void {
    // The relay may have their edits by now.
    const touched = documents.get(INDEX_DOCUMENT);
    for (const noted of replacements) this.tellOne(noted, touched);
    if (replacements.length > 0) this.post();
  }

  private tellOne({ replaced, lastEdit }: NotedReplacement, touched: TouchedDocument | undefined): void {
    const { pending, scheduler } = this.options;
    const event = createEvent({ isKept: true });
    this.acks.copy(event, INDEX_DOCUMENT, touched ?? { lastEdit, span: undefined, isAcked: false });
    const label = replaced.isConcurrent
      ? `Changed ${replaced.path}, where a later change counts`
      : `Replaced ${replaced.path}`;
    const detail = writeReplacement(replaced);
    event.body = { kind: 'blob', label, files: 1, atMs: scheduler.now(), detail };
    pending.begin(event.eventId);
    pending.addDocument(event.eventId, INDEX_DOCUMENT);
    const span = event.documents.get(INDEX_DOCUMENT)?.span;
    if (span) pending.setSpan(event.eventId, span);
    pending.complete(event.eventId, event.body);
    this.complete(event);
  }

  /** Whatever belongs to it is known, but for contents. */
  private complete(event: KnownEvent): void {
    event.order = ++this.completed;
    for (const fileId of event.awaited.keys()) this.awaiting.set(fileId, event);
    if (event.unackedDocuments === 0) this.noticeAllAcked(event);
  }

  private noticeAllAcked(event: KnownEvent): void {
    const { acked } = this;
    acked.splice(acked.findLastIndex(({ order }) => order < event.order) + 1, 0, event);
  }

  /** What an event of many files cannot say of those that were replaced is told by itself. */
  private describe(event: KnownEvent, body: EventBody): void {
    const { detail, surplus } = describeReplaced(event.replacements);
    event.replacements.length -= surplus.length;
    event.body = event.replacements.length > 0 ? { ...body, detail } : body;
    this.options.pending.complete(event.eventId, event.body);
    this.tellReplaced(event, surplus);
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private restore(): void {
    for (const { eventId, body, documents } of this.options.pending.list()) {
      const event = createEvent({ eventId, body, isKept: true, isRestored: true });
      for (const [document, span] of documents) {
        this.acks.restore(event, document, span);
        event.fileIds.add(document);
      }
      if (body) this.complete(event);
      else this.current = event;
    }
  }

  private noticeTaken({ fileId, document, lastEdit }: TakenChange): void {
    const event = this.awaiting.get(fileId) ?? this.current;
    const isKnown = event.documents.has(document);
    this.acks.touch(event, document, lastEdit);
    this.takeBack(event);
    event.awaitsUntilMs = undefined;
    event.fileIds.add(fileId);
    const isKept = event.isKept || event.body !== undefined;
    if (isKept && !isKnown) this.options.pending.addDocument(event.eventId, document);
    else if (!isKept && event.fileIds.size >= BULK_FILES) this.expectBulk();
  }

  private noticeAcked(edits: AckedEdits): void {
    for (const event of this.acks.notice(edits)) {
      if (event.order > 0) this.noticeAllAcked(event);
    }
    this.post();
  }

  /** It is not, or no longer, to be told for the time being. */
  private takeBack(event: KnownEvent): void {
    const position = event.order > 0 ? this.acked.indexOf(event) : -1;
    if (position >= 0) this.acked.splice(position, 1);
  }

  private post(): void {
    if (this.disposables.isDisposed || this.options.session.state.kind !== 'online') return;
    if (!this.acked.some((event) => this.isDue(event))) return;
    this.isPostAgain = true;
    this.posting ??= this.postAll().finally(() => (this.posting = undefined));
  }

  private async postAll(): Promise<void> {
    while (this.isPostAgain && !this.disposables.isDisposed) {
      this.isPostAgain = false;
      for (const event of this.acked.filter((one) => this.isDue(one))) {
        if (!(await this.postOne(event))) return;
      }
    }
  }

  /** Whether the relay can be told of an event that it has all edits of. */
  private isDue(event: KnownEvent): boolean {
    if (event.awaited.size === 0) return true;
    const { scheduler } = this.options;
    const nowMs = scheduler.elapsedMs();
    event.awaitsUntilMs ??= nowMs + CONTENTS_MS;
    if (event.awaitsUntilMs <= nowMs) {
      // They come by themselves later.
      for (const fileId of event.awaited.keys()) this.awaiting.delete(fileId);
      event.awaited.clear();
      if (event.body) event.body = { ...event.body, files: countFiles(event) };
      return true;
    }
    this.postBy(event.awaitsUntilMs);
    return false;
  }

  private postBy(dueMs: number): void {
    if (this.postsAtMs !== undefined && this.postsAtMs <= dueMs) return;
    const { scheduler } = this.options;
    this.postsAtMs = dueMs;
    this.contentsDue.value = scheduler.schedule(() => {
      this.postsAtMs = undefined;
      this.post();
    }, dueMs - scheduler.elapsedMs());
  }

  /** Resolves to false when it has to be tried again later. */
  private async postOne(event: KnownEvent): Promise<boolean> {
    const { eventId, body, documents } = event;
    const spans = [...documents.values()].flatMap(({ span }) => span ?? []);
    if (body && spans.length > 0) {
      const outcome = await this.options.events.post({ id: eventId, ...body, spans });
      if (this.disposables.isDisposed) return false;
      if (!outcome.ok && outcome.isTransient) {
        this.retry.value = this.options.scheduler.schedule(() => {
          this.retry.value = undefined;
          this.post();
        }, RETRY_MS);
        return false;
      }
      if (!outcome.ok) this.refused.fire(`"${body.label}" is not in the room's history: ${outcome.explanation}`);
    }
    this.forget(event);
    return true;
  }

  private forget(event: KnownEvent): void {
    this.acks.drop(event);
    this.takeBack(event);
    this.options.pending.delete(event.eventId);
  }
}
