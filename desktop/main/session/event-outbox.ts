import { randomUUID } from 'node:crypto';
import {
  type Disposable,
  DisposableStore,
  Emitter,
  MutableDisposable,
  type Scheduler,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import type { EventSpan, RoomEvents } from '../../../shared/sync/administration/index.ts';
import type { AckedEdits, RoomSession } from '../../../shared/sync/index.ts';
import type { EventBody, PendingEvents } from '../store/pending-events.ts';
import { BULK_FILES, type BulkLedger } from '../workspace/bulk-recognition.ts';
import type { GitState } from '../workspace/git-state.ts';
import type { RoomFiles, TakenChange } from './room-files.ts';

const RETRY_MS = 30_000;

export interface EventOutboxOptions {
  readonly session: Pick<RoomSession, 'onDidAck' | 'onDidChangeState' | 'state'>;
  readonly pending: PendingEvents;
  readonly events: Pick<RoomEvents, 'post'>;
  readonly scheduler: Scheduler;
}

/** What the folder's mirror changes in the room. */
type TakenFiles = Pick<RoomFiles, 'onDidTake' | 'isBulk'>;

interface TouchedDocument {
  /** The last edit that belongs to the event. */
  lastEdit: number;
  span: EventSpan | undefined;
  isAcked: boolean;
}

interface KnownEvent {
  readonly eventId: string;
  body: EventBody | undefined;
  readonly documents: Map<string, TouchedDocument>;
  readonly fileIds: Set<string>;
  isKept: boolean;
}

/**
 * Tells the relay's history which edits were one act, once the relay has all of them. What it could not be told outlives
 * the process.
 */
export class EventOutbox implements BulkLedger, Disposable {
  private readonly options: EventOutboxOptions;
  private readonly disposables = new DisposableStore();
  private readonly refused = this.disposables.add(new Emitter<string>());
  private readonly retry = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly complete: KnownEvent[] = [];
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
    return this.current.fileIds.size;
  }

  expectBulk(): void {
    const { pending } = this.options;
    if (this.files) this.files.isBulk = true;
    if (this.current.isKept) return;
    this.current.isKept = true;
    pending.begin(this.current.eventId);
    for (const document of this.current.documents.keys()) pending.addDocument(this.current.eventId, document);
  }

  close(label: string | undefined, git: GitState | undefined): void {
    const { pending, scheduler } = this.options;
    const { current } = this;
    if (this.files) this.files.isBulk = false;
    this.current = createEvent();
    if (git !== undefined) pending.git = git;
    if (label === undefined || current.documents.size === 0) {
      if (current.isKept) pending.delete(current.eventId);
      return;
    }
    if (!current.isKept)
      for (const document of current.documents.keys()) pending.addDocument(current.eventId, document);
    current.body = { kind: 'bulk', label, files: current.fileIds.size, atMs: scheduler.now() };
    pending.complete(current.eventId, current.body);
    this.complete.push(current);
    this.post();
  }

  /** A change of one document, by the number of its edit, is to be told by itself. */
  note(
    document: string,
    lastEdit: number,
    { kind, label, detail }: Pick<EventBody, 'kind' | 'label' | 'detail'>,
  ): void {
    const { pending, scheduler } = this.options;
    const event = createEvent();
    event.documents.set(document, { lastEdit, span: undefined, isAcked: false });
    event.isKept = true;
    event.body = { kind, label, files: 1, atMs: scheduler.now(), ...(detail === undefined ? {} : { detail }) };
    pending.begin(event.eventId);
    pending.addDocument(event.eventId, document);
    pending.complete(event.eventId, event.body);
    this.complete.push(event);
    this.post();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private restore(): void {
    for (const { eventId, body, documents } of this.options.pending.list()) {
      const event: KnownEvent = { ...createEvent(), eventId, body, isKept: true };
      for (const [document, span] of documents) {
        event.documents.set(document, { lastEdit: 0, span, isAcked: span !== undefined });
        event.fileIds.add(document);
      }
      if (body) this.complete.push(event);
      else this.current = event;
    }
  }

  private noticeTaken({ fileId, document, lastEdit }: TakenChange): void {
    const { current } = this;
    const known = current.documents.get(document);
    current.documents.set(document, { lastEdit, span: known?.span, isAcked: false });
    current.fileIds.add(fileId);
    if (current.isKept && !known) this.options.pending.addDocument(current.eventId, document);
    else if (!current.isKept && current.fileIds.size >= BULK_FILES) this.expectBulk();
  }

  private noticeAcked({ document, firstUnacked, ...span }: AckedEdits): void {
    for (const event of [...this.complete, this.current]) {
      const touched = event.documents.get(document);
      if (!touched || touched.isAcked) continue;
      touched.span = joinSpans(touched.span, { document, ...span });
      touched.isAcked = firstUnacked > touched.lastEdit;
      if (event.isKept || event.body) this.options.pending.setSpan(event.eventId, touched.span);
    }
    this.post();
  }

  private post(): void {
    if (this.disposables.isDisposed || this.options.session.state.kind !== 'online') return;
    if (!this.complete.some(isAcked)) return;
    this.isPostAgain = true;
    this.posting ??= this.postAll().finally(() => (this.posting = undefined));
  }

  private async postAll(): Promise<void> {
    while (this.isPostAgain && !this.disposables.isDisposed) {
      this.isPostAgain = false;
      for (const event of this.complete.filter(isAcked)) {
        if (!(await this.postOne(event))) return;
      }
    }
  }

  /** Resolves to false when it has to be tried again later. */
  private async postOne({ eventId, body, documents }: KnownEvent): Promise<boolean> {
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
    this.forget(eventId);
    return true;
  }

  private forget(eventId: string): void {
    const position = this.complete.findIndex((event) => event.eventId === eventId);
    if (position >= 0) this.complete.splice(position, 1);
    this.options.pending.delete(eventId);
  }
}

function createEvent(): KnownEvent {
  return { eventId: randomUUID(), body: undefined, documents: new Map(), fileIds: new Set(), isKept: false };
}

function isAcked({ documents }: KnownEvent): boolean {
  return [...documents.values()].every((document) => document.isAcked);
}

/** The log of a relay that was restored begins anew: what it had before counts no more. */
function joinSpans(known: EventSpan | undefined, next: EventSpan): EventSpan {
  if (known?.epoch !== next.epoch) return next;
  return {
    ...next,
    fromSeq: Math.min(known.fromSeq, next.fromSeq),
    toSeq: Math.max(known.toSeq, next.toSeq),
  };
}
