import { createHash } from 'node:crypto';
import * as Y from 'yjs';
import { DEFAULT_ROOM_SETTINGS, matchesPaths } from '../../shared/access/index.ts';
import {
  type Disposable,
  DisposableStore,
  Emitter,
  MutableDisposable,
  type Scheduler,
} from '../../shared/lifecycle/index.ts';
import { ChunkAssembler, type RelayMessage, relayMessageCodec } from '../../shared/protocol/index.ts';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../shared/workspace/index.ts';
import type { LiveDocument } from './document.ts';
import type { Outlet } from './outlet.ts';
import { type Participant, type Place, Subscription } from './subscription.ts';

/** The room, as far as its views need it. */
export interface ViewedRoom {
  readonly key: { readonly tenant: string; readonly room: string };
  acquire(name: string): LiveDocument;
  release(document: LiveDocument): void;
}

export interface PathViewOptions {
  readonly room: ViewedRoom;
  readonly patterns: readonly string[];
  readonly scheduler: Scheduler;
  /** 16 to 64 letters and digits that no session had before. */
  readonly sessionId: string;
  readonly reportProblem: (error: unknown) => void;
}

/** Changes of the list come many at once. */
const SETTLE_MS = 20;
const REOPEN_MS = 1_000;
/** What owners set does not concern the relay itself. */
// Plain values alone: two nodes must not see a difference where there is none.
const SHOWN_FIELDS = ['path', 'eol', 'bom', 'kind', 'sizeBytes'];
const UNMOVED: Place = { applyAccess: () => {}, documentClosed: () => {} };
/** In the log, who keeps a view up. No person has such a subject. */
const KEEPER = { subject: 'relay', name: 'Relay' } as const;

/** Name of the document that lists a room's files for those who may see only `patterns`. */
export function pathViewName(patterns: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(patterns.toSorted())).digest('base64url');
  return `view-${digest.slice(0, 32)}`;
}

/**
 * The part of a room that lies at certain paths: which documents belong to it, and a document that lists them, kept in
 * step with the room's own list. It is an ordinary document of the log; several nodes may keep it up at once, since all
 * of them write the same. Only needed while somebody is there who may not see everything, and away from the hot path.
 */
export class PathView implements Disposable {
  readonly documentName: string;
  private readonly options: PathViewOptions;
  private readonly owned = new DisposableStore();
  private readonly changed = this.owned.add(new Emitter<void>());
  private readonly timer = this.owned.add(new MutableDisposable<Disposable>());
  private readonly source: FollowedDocument;
  private readonly view: FollowedDocument;
  private readonly sourceIndex: WorkspaceIndex;
  private allowed: ReadonlySet<string> = new Set();
  private isReady = false;

  /** Fires when other documents belong to the view than before. */
  readonly onDidChange = this.changed.event;

  constructor(options: PathViewOptions) {
    this.options = options;
    this.documentName = pathViewName(options.patterns);
    const follow = (name: string) => this.owned.add(new FollowedDocument(name, options, () => this.noticeChange()));
    this.source = follow(INDEX_DOCUMENT);
    this.view = follow(this.documentName);
    this.sourceIndex = this.owned.add(new WorkspaceIndex(this.source.doc, { random: () => 0, nowMs: () => 0 }));
  }

  /** Resolves when the view is known. Rejects when the room's list, or the view, could not be read so far. */
  async ready(): Promise<void> {
    await Promise.all([this.source.whenRead, this.view.whenRead]);
  }

  /** Whether a document belongs to the view, as far as the room's list has come here. */
  allows(document: string): boolean {
    return this.allowed.has(document);
  }

  private noticeChange(): void {
    if (!this.isReady) return this.begin();
    this.timer.value ??= this.options.scheduler.schedule(() => {
      this.timer.value = undefined;
      this.project();
    }, SETTLE_MS);
  }

  private begin(): void {
    if (!this.source.hasRead || !this.view.hasRead) return;
    this.isReady = true;
    this.project();
  }

  private project(): void {
    if (this.owned.isDisposed) return;
    const { patterns } = this.options;
    const files = this.sourceIndex.files.filter(({ path }) => matchesPaths(path, patterns));
    const allowed = new Set(files.map(({ fileId }) => fileId));
    const isChanged = allowed.size !== this.allowed.size || [...allowed].some((fileId) => !this.allowed.has(fileId));
    this.allowed = allowed;
    this.writeDifference(allowed);
    if (isChanged) this.changed.fire();
  }

  private writeDifference(allowed: ReadonlySet<string>): void {
    const { doc } = this.view;
    const before = Y.encodeStateVector(doc);
    let isChanged = false;
    doc.transact(() => {
      const listed = this.source.doc.getMap<Y.Map<unknown>>('files');
      const shown = doc.getMap<Y.Map<unknown>>('files');
      for (const fileId of [...shown.keys()]) {
        if (allowed.has(fileId)) continue;
        shown.delete(fileId);
        isChanged = true;
      }
      for (const fileId of allowed) {
        const entry = listed.get(fileId);
        if (entry && copyEntry(fileId, entry, shown)) isChanged = true;
      }
      const name = this.source.doc.getMap('room').get('name');
      if (typeof name === 'string' && doc.getMap('room').get('name') !== name) {
        doc.getMap('room').set('name', name);
        isChanged = true;
      }
    });
    if (isChanged) this.view.submit(Y.encodeStateAsUpdate(doc, before));
  }

  dispose(): void {
    this.owned.dispose();
  }
}

/** Gives true when something was changed. */
function copyEntry(fileId: string, entry: Y.Map<unknown>, shown: Y.Map<Y.Map<unknown>>): boolean {
  const present = shown.get(fileId);
  const values = SHOWN_FIELDS.flatMap((field): [string, unknown][] => {
    const value = entry.get(field);
    return ['string', 'number', 'boolean'].includes(typeof value) ? [[field, value]] : [];
  });
  if (!present) {
    shown.set(fileId, new Y.Map(values));
    return true;
  }
  let isChanged = false;
  for (const [key, value] of values) {
    if (present.get(key) === value) continue;
    present.set(key, value);
    isChanged = true;
  }
  return isChanged;
}

/** A document of the room as the relay itself reads and writes it: a participant that nobody sees. */
class FollowedDocument implements Outlet, Disposable {
  readonly doc = new Y.Doc();
  /** Resolves when it was read. Rejects when that has failed; it is tried again and again. */
  whenRead: Promise<void>;
  hasRead = false;
  readonly isLagging = false;
  private readonly name: string;
  private readonly options: PathViewOptions;
  private readonly onChange: () => void;
  private readonly retry = new MutableDisposable<Disposable>();
  private readonly assembler = new ChunkAssembler();
  private opened: { readonly document: LiveDocument; readonly subscription: Subscription } | undefined;
  private readonly firstReading = Promise.withResolvers<void>();
  private isFailing = false;
  private lastHandle = 0;
  private clientSeq = 0;
  /** Something of `doc` may be missing in the log. */
  private hasUnsent = false;
  private isDisposed = false;

  constructor(name: string, options: PathViewOptions, onChange: () => void) {
    this.name = name;
    this.options = options;
    this.onChange = onChange;
    this.whenRead = this.firstReading.promise;
    this.open();
  }

  /** Sends what was changed in `doc` just now. */
  submit(payload: Uint8Array): void {
    if (this.opened) this.opened.document.submit(this.opened.subscription, ++this.clientSeq, payload);
    else this.hasUnsent = true;
  }

  private open(): void {
    const { room, sessionId } = this.options;
    const document = room.acquire(this.name);
    const subscription = new Subscription(toKeeper(room, sessionId, this), ++this.lastHandle, this.name);
    this.opened = { document, subscription };
    document.subscribe(subscription);
    const stateVector = Y.encodeStateVector(this.doc);
    document.answerOpen(subscription, { epoch: '', afterSeq: 0, stateVector }).catch((error: unknown) => {
      this.fail(error);
      this.reopenLater();
    });
  }

  private fail(error: unknown): void {
    // An outage is reported once.
    if (!this.isFailing) this.options.reportProblem(error);
    this.isFailing = true;
    if (this.hasRead) return;
    const failed = Promise.withResolvers<void>();
    for (const { promise, reject } of [this.firstReading, failed]) {
      // Perhaps nobody waits for it.
      promise.catch(() => {});
      reject(error);
    }
    this.whenRead = failed.promise;
  }

  private reopenLater(): void {
    this.close();
    if (this.isDisposed) return;
    this.retry.value = this.options.scheduler.schedule(() => this.open(), REOPEN_MS);
  }

  private close(): void {
    if (!this.opened) return;
    const { document, subscription } = this.opened;
    this.opened = undefined;
    document.unsubscribe(subscription);
    this.options.room.release(document);
  }

  send(message: RelayMessage, _lane: unknown, onSent?: () => void): void {
    this.take(message);
    onSent?.();
  }

  sendFrame(frame: Uint8Array): void {
    this.take(relayMessageCodec.decode(frame));
  }

  end(): void {
    this.reopenLater();
  }

  private take(message: RelayMessage): void {
    if (this.isDisposed) return;
    switch (message.type) {
      case 'update':
        return this.apply(message.payload);
      case 'sync':
        if (message.payload.byteLength > 0) this.apply(message.payload);
        if (message.isLast) this.read();
        return;
      case 'chunk': {
        const whole = this.assembler.add(message);
        if (whole) this.take(relayMessageCodec.decode(whole));
        return;
      }
      case 'document-closed':
        return this.reopenLater();
      case 'refused':
        this.hasUnsent = true;
        return this.reopenLater();
      // The rest is for people.
      default:
    }
  }

  private read(): void {
    this.isFailing = false;
    this.hasRead = true;
    this.onChange();
    this.firstReading.resolve();
    this.whenRead = Promise.resolve();
    if (!this.hasUnsent) return;
    this.hasUnsent = false;
    this.submit(Y.encodeStateAsUpdate(this.doc));
  }

  private apply(payload: Uint8Array): void {
    Y.applyUpdate(this.doc, payload, this);
    this.onChange();
  }

  dispose(): void {
    this.isDisposed = true;
    this.retry.dispose();
    this.close();
    this.doc.destroy();
  }
}

function toKeeper(room: ViewedRoom, sessionId: string, outlet: Outlet): Participant {
  const { tenant, room: name } = room.key;
  return {
    presenceId: 0,
    session: { subject: KEEPER.subject, sessionId },
    grant: {
      tenant,
      room: name,
      ...KEEPER,
      role: 'editor',
      linkId: undefined,
      lineageId: KEEPER.subject,
      jti: KEEPER.subject,
      paths: undefined,
      issuedAtMs: 0,
      expiresAtMs: Infinity,
    },
    standing: { role: 'editor', writesAs: 'editor', chat: DEFAULT_ROOM_SETTINGS.chat, explanation: '' },
    outlet,
    canInflate: false,
    isKeeper: true,
    place: UNMOVED,
  };
}
