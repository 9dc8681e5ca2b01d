import * as Y from 'yjs';
import { type Disposable, MutableDisposable, type Scheduler, toDisposable } from '../../shared/lifecycle/index.ts';
import { type ClientMessage, PROTOCOL_LIMITS, ProtocolError } from '../../shared/protocol/index.ts';
import type { RoomGrant } from '../access/room-grant.ts';
import type { SessionKey } from '../log/update-log.ts';
import { LogFailure } from '../log/log-failure.ts';
import type { DocumentServices, LiveDocument } from './document.ts';
import type { Outlet } from './outlet.ts';
import type { Room } from './room.ts';
import { type Participant, Subscription } from './subscription.ts';
import { type BucketSize, TokenBucket } from './token-bucket.ts';

/** What a client may send to a room once it is in. */
export type RoomMessage = Extract<ClientMessage, { type: 'open' | 'close' | 'update' | 'applied' | 'presence' }>;

/** How fast one connection may write. */
export interface ParticipantLimits {
  readonly updates: BucketSize;
  readonly updateBytes: BucketSize;
}

export interface RoomConnectionOptions {
  readonly room: Room;
  readonly session: SessionKey;
  readonly presenceId: number;
  readonly grant: RoomGrant;
  readonly outlet: Outlet;
  /** The client takes `deflated-sync` (SPEC CP1). */
  readonly canInflate: boolean;
  readonly scheduler: Scheduler;
  readonly limits: ParticipantLimits;
  readonly services: DocumentServices;
}

interface OpenDocument {
  readonly document: LiveDocument;
  readonly subscription: Subscription;
  /** The client's updates that came before the document was opened. */
  waiting: { readonly clientSeq: number; readonly payload: Uint8Array }[];
}

/** Documents opened one after the other before others get their turn. */
const OPENS_PER_TURN = 16;
const MAX_HANDLES = 1_000_000;
const MAX_WAITING_UPDATES = 1_000;

/** One connection's place in a room: it takes the client's messages and answers through the outlet. */
export class RoomConnection implements Disposable {
  private readonly room: Room;
  private readonly services: DocumentServices;
  private readonly scheduler: Scheduler;
  private readonly updates: TokenBucket;
  private readonly updateBytes: TokenBucket;
  private readonly self: { -readonly [K in keyof Participant]: Participant[K] };
  private readonly open = new Map<number, OpenDocument>();
  private readonly usedHandles = new Set<number>();
  private readonly owner: Disposable;
  private opening: Promise<void> = Promise.resolve();
  private opensInTurn = 0;
  private readonly turn = new MutableDisposable<Disposable>();
  private isLeft = false;

  constructor(options: RoomConnectionOptions) {
    const { room, session, presenceId, grant, outlet, canInflate, scheduler, limits, services } = options;
    this.room = room;
    this.services = services;
    this.scheduler = scheduler;
    this.updates = new TokenBucket(limits.updates, scheduler);
    this.updateBytes = new TokenBucket(limits.updateBytes, scheduler);
    this.self = { presenceId, session, grant, outlet, canInflate };
    room.enter(this.self);
    this.owner = toDisposable(() => this.leave());
  }

  get presenceId(): number {
    return this.self.presenceId;
  }

  /** Call once `welcome` was sent. */
  start(): void {
    this.room.presence.introduce(this.self.presenceId);
  }

  /** Takes a message. Throws {@link ProtocolError} when it breaks the protocol. */
  receive(message: RoomMessage): void {
    switch (message.type) {
      case 'open':
        return this.openDocument(message);
      case 'close':
        return this.closeDocument(message.handle);
      case 'update':
        return this.update(message);
      case 'applied': {
        const found = this.find(message.handle);
        return found?.document.applied(found.subscription, message.seq);
      }
      case 'presence':
        return this.room.presence.show(this.self.presenceId, message.state);
    }
  }

  /** The token was renewed; its role counts from now on. */
  renew(grant: RoomGrant): void {
    this.self.grant = grant;
    this.room.presence.identityChanged(this.self);
  }

  /** The connection was lagging and reads again. */
  caughtUp(): void {
    for (const [handle, { document, subscription }] of [...this.open]) {
      if (subscription.state !== 'missed') continue;
      document.caughtUp(subscription);
      this.forget(handle);
    }
    this.room.presence.caughtUp(this.self.presenceId);
  }

  /** Leaves the room. */
  dispose(): void {
    this.owner.dispose();
  }

  private leave(): void {
    this.isLeft = true;
    this.turn.dispose();
    for (const handle of [...this.open.keys()]) this.forget(handle);
    this.room.leave(this.self);
  }

  private openDocument({
    handle,
    document: name,
    epoch,
    afterSeq,
    stateVector,
  }: Extract<RoomMessage, { type: 'open' }>) {
    if (this.usedHandles.has(handle)) throw new ProtocolError(`handle ${handle} is used twice`);
    if (this.usedHandles.size >= MAX_HANDLES) throw new ProtocolError('too many handles on one connection');
    checkStateVector(stateVector);
    this.usedHandles.add(handle);
    if (this.open.size >= PROTOCOL_LIMITS.maxOpenDocuments) {
      const explanation = `At most ${PROTOCOL_LIMITS.maxOpenDocuments} documents can be open at once.`;
      this.self.outlet.send({ type: 'document-closed', handle, reason: 'too-many-documents', explanation }, 'control');
      return;
    }
    const document = this.room.acquire(name);
    const subscription = new Subscription(this.self, handle, name);
    const entry: OpenDocument = { document, subscription, waiting: [] };
    this.open.set(handle, entry);
    document.subscribe(subscription);
    const request = { epoch, afterSeq, stateVector: stateVector.slice() };
    this.opening = this.opening.then(async () => {
      await this.takeTurn();
      await this.answerOpen(entry, request);
    });
  }

  private async answerOpen(
    { document, subscription, ...entry }: OpenDocument,
    request: Parameters<LiveDocument['answerOpen']>[1],
  ) {
    const { handle } = subscription;
    if (subscription.state !== 'opening') return;
    try {
      await document.answerOpen(subscription, request);
    } catch (error) {
      this.services.reportProblem(error);
      if (!this.open.has(handle)) return;
      this.forget(handle);
      const explanation = error instanceof LogFailure ? error.message : 'The relay failed to read the document.';
      this.self.outlet.send({ type: 'document-closed', handle, reason: 'unreadable', explanation }, 'control');
      return;
    }
    for (const { clientSeq, payload } of entry.waiting.splice(0)) document.submit(subscription, clientSeq, payload);
  }

  private async takeTurn(): Promise<void> {
    if (this.isLeft || ++this.opensInTurn < OPENS_PER_TURN) return;
    this.opensInTurn = 0;
    await new Promise<void>((resolve) => {
      this.turn.value = this.scheduler.schedule(resolve, 0);
    });
  }

  private closeDocument(handle: number): void {
    this.find(handle);
    this.forget(handle);
  }

  private update({ handle, clientSeq, payload }: Extract<RoomMessage, { type: 'update' }>): void {
    const found = this.find(handle);
    if (!found) return;
    const { document, subscription, waiting } = found;
    const isWithinRate = this.updates.take(1) && this.updateBytes.take(payload.byteLength);
    if (!isWithinRate || waiting.length >= MAX_WAITING_UPDATES) {
      const explanation = 'Too many edits at once. They are kept here and sent again.';
      this.self.outlet.send({ type: 'refused', handle, clientSeq, reason: 'rate-limited', explanation }, 'control');
    } else if (subscription.state === 'opening') {
      waiting.push({ clientSeq, payload });
    } else {
      document.submit(subscription, clientSeq, payload);
    }
  }

  /** Undefined when the document was closed: the message may have crossed the closing (SPEC DO2). */
  private find(handle: number): OpenDocument | undefined {
    const found = this.open.get(handle);
    if (!found && !this.usedHandles.has(handle)) throw new ProtocolError(`handle ${handle} was never opened`);
    return found?.subscription.state === 'closed' ? undefined : found;
  }

  private forget(handle: number): void {
    const found = this.open.get(handle);
    if (!found) return;
    this.open.delete(handle);
    found.document.unsubscribe(found.subscription);
    this.room.release(found.document);
  }
}

function checkStateVector(stateVector: Uint8Array): void {
  if (stateVector.byteLength === 0) return;
  try {
    Y.decodeStateVector(stateVector);
  } catch {
    throw new ProtocolError('malformed state vector');
  }
}
