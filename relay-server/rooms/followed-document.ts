import * as Y from 'yjs';
import { DEFAULT_ROOM_SETTINGS } from '../../shared/access/index.ts';
import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import { ChunkAssembler, type RelayMessage, relayMessageCodec } from '../../shared/protocol/index.ts';
import type { LiveDocument } from './document.ts';
import type { Outlet } from './outlet.ts';
import { type Participant, type Place, Subscription } from './subscription.ts';

/** The room, as far as its views need it. */
export interface ViewedRoom {
  readonly key: { readonly tenant: string; readonly room: string };
  acquire(name: string): LiveDocument;
  release(document: LiveDocument): void;
}

export interface FollowOptions {
  readonly room: ViewedRoom;
  readonly scheduler: Scheduler;
  /** 16 to 64 letters and digits that no session had before. */
  readonly sessionId: string;
  readonly reportProblem: (error: unknown) => void;
}

/** Soon at first, since guests wait for it; less and less often while it fails. */
const MIN_REOPEN_MS = 1_000;
const MAX_REOPEN_MS = 60_000;
/** What owners set does not concern the relay itself. */
const UNMOVED: Place = { applyAccess: () => {}, documentClosed: () => {} };
/** In the log, who keeps a view up. No person has such a subject. */
const KEEPER = { subject: 'relay', name: 'Relay' } as const;

/** A document of the room as the relay itself reads and writes it: a participant that nobody sees. */
export class FollowedDocument implements Outlet, Disposable {
  /** Resolves when it was read. Rejects when that has failed; it is tried again and again. */
  whenRead: Promise<void>;
  hasRead = false;
  readonly isLagging = false;
  private readonly name: string;
  private readonly options: FollowOptions;
  private readonly onChange: () => void;
  private readonly retry = new MutableDisposable<Disposable>();
  private readonly assembler = new ChunkAssembler();
  private opened: { readonly document: LiveDocument; readonly subscription: Subscription } | undefined;
  private readonly firstReading = Promise.withResolvers<void>();
  private isFailing = false;
  private reopenMs = MIN_REOPEN_MS;
  private lastHandle = 0;
  private clientSeq = 0;
  private content = new Y.Doc();
  /** Something of `content` may be missing in the log. */
  private hasUnsent = false;
  private isDisposed = false;

  /** `onChange` is called when something of it has come, or all of it was read. */
  constructor(name: string, options: FollowOptions, onChange: () => void) {
    this.name = name;
    this.options = options;
    this.onChange = onChange;
    this.whenRead = this.firstReading.promise;
    this.open();
  }

  /** What has come of it. Another one after something could not be applied, which leaves the old one of no use. */
  get doc(): Y.Doc {
    return this.content;
  }

  /** Sends what was changed in {@link doc} just now. */
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
    const stateVector = Y.encodeStateVector(this.content);
    document.answerOpen(subscription, { epoch: '', afterSeq: 0, stateVector }).catch((error: unknown) => {
      if (this.opened?.subscription === subscription) this.fail(error);
    });
  }

  private fail(error: unknown): void {
    // An outage is reported once.
    if (!this.isFailing) this.options.reportProblem(error);
    this.isFailing = true;
    this.reopenLater();
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
    this.retry.value = this.options.scheduler.schedule(() => this.open(), this.reopenMs);
    this.reopenMs = Math.min(2 * this.reopenMs, MAX_REOPEN_MS);
  }

  private close(): void {
    if (!this.opened) return;
    const { document, subscription } = this.opened;
    this.opened = undefined;
    document.unsubscribe(subscription);
    this.options.room.release(document);
  }

  send(message: RelayMessage, _lane: unknown, onSent?: () => void): void {
    this.receive(() => message);
    if (this.opened) onSent?.();
  }

  sendFrame(frame: Uint8Array): void {
    this.receive(() => relayMessageCodec.decode(frame));
  }

  // Whoever sends must not suffer from what this one cannot apply.
  private receive(decode: () => RelayMessage): void {
    try {
      // Its answer may go on when it was closed in the middle of it.
      if (this.opened) this.take(decode());
    } catch (error) {
      this.startOver(error);
    }
  }

  private startOver(error: unknown): void {
    this.content.destroy();
    this.content = new Y.Doc();
    // It is read and compared anew.
    this.hasUnsent = false;
    this.hasRead = false;
    this.fail(error);
  }

  end(): void {
    this.reopenLater();
  }

  private take(message: RelayMessage): void {
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
    this.reopenMs = MIN_REOPEN_MS;
    this.hasRead = true;
    this.onChange();
    this.firstReading.resolve();
    this.whenRead = Promise.resolve();
    if (!this.hasUnsent) return;
    this.hasUnsent = false;
    this.submit(Y.encodeStateAsUpdate(this.content));
  }

  private apply(payload: Uint8Array): void {
    Y.applyUpdate(this.content, payload, this);
    this.onChange();
  }

  dispose(): void {
    this.isDisposed = true;
    this.retry.dispose();
    this.close();
    this.content.destroy();
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
