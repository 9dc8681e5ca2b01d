import { type Disposable, type Scheduler, TrackedDisposable } from '../../shared/lifecycle/index.ts';
import {
  type ClientMessage,
  CLOSE_CODES,
  PROTOCOL_LIMITS,
  ProtocolError,
  type RelayMessage,
} from '../../shared/protocol/index.ts';
import { INDEX_DOCUMENT } from '../../shared/workspace/index.ts';
import type { Admitted } from '../access/room-grant.ts';
import { type Standing, standingOf } from '../access/standing.ts';
import type { ReadingTurns } from '../history/reading-turns.ts';
import type { RoomAccess } from '../log/access-directory.ts';
import type { SessionKey } from '../log/update-log.ts';
import { checkStateVector } from './check-state-vector.ts';
import type { LiveDocument } from './document.ts';
import type { DocumentServices } from './document-services.ts';
import { EarlyUpdates } from './early-updates.ts';
import { HeadComparison } from './head-comparison.ts';
import { explainReadFailure, explainViewFailure } from './explain-failure.ts';
import { OpeningQueue } from './opening-queue.ts';
import type { Outlet } from './outlet.ts';
import type { ClientHas } from './read-committed.ts';
import type { Room } from './room.ts';
import { type Participant, type Place, Subscription } from './subscription.ts';
import type { Tenants, TenantUsage } from './tenants.ts';
import { TokenBucket } from './token-bucket.ts';
import { UsedHandles } from './used-handles.ts';
import { type ParticipantLimits, WriteRates } from './write-rates.ts';

/** What a client may send to a room once it is in. */
export type RoomMessage = Extract<
  ClientMessage,
  { type: 'open' | 'close' | 'update' | 'applied' | 'presence' | 'digest' | 'compare' }
>;

/** What all places in the rooms of a node use. */
export interface RoomConnectionServices {
  readonly scheduler: Scheduler;
  readonly limits: ParticipantLimits;
  readonly tenants: Tenants;
  readonly documents: DocumentServices;
  /** In which clients' `compare` are answered. */
  readonly comparisons: ReadingTurns;
}

export interface RoomConnectionOptions {
  readonly room: Room;
  readonly session: SessionKey;
  readonly presenceId: number;
  readonly admitted: Admitted;
  readonly outlet: Outlet;
  /** The client takes `deflated-sync` (SPEC CP1). */
  readonly canInflate?: boolean;
  /** The client takes `access` (SPEC AC1). */
  readonly hearsAccess?: boolean;
  /** The client takes `digests` (SPEC DG3). */
  readonly hearsDigests?: boolean;
  readonly services: RoomConnectionServices;
}

type ClosingReason = Extract<RelayMessage, { type: 'document-closed' }>['reason'];

interface OpenDocument {
  readonly name: string;
  /** Undefined until its turn has come. */
  opened: { readonly document: LiveDocument; readonly subscription: Subscription } | undefined;
}

const CHAT_DOCUMENT = 'chat';
/** Those that were not counted up; each takes memory for as long as the connection lasts. */
const MAX_SCATTERED_HANDLES = 100_000;
/** A client says one when a document that somebody looks at has come to rest, and once a minute. Each goes to everybody. */
const DIGESTS = { capacity: 500, refillPerSecond: 20 };

/**
 * One connection's place in a room: it takes the client's messages and answers through the outlet. Most are idle most
 * of the time, so that what only busy ones need is made when it is needed.
 */
export class RoomConnection extends TrackedDisposable implements Place {
  private readonly room: Room;
  private readonly services: RoomConnectionServices;
  private readonly usage: TenantUsage;
  /** Once it has written. */
  private rates: WriteRates | undefined;
  private readonly self: { -readonly [K in keyof Participant]: Participant[K] };
  private readonly open = new Map<number, OpenDocument>();
  private readonly usedHandles = new UsedHandles();
  /** Once it has said one. */
  private digests: TokenBucket | undefined;
  /** Once it has asked. */
  private comparison: HeadComparison | undefined;
  /** Once it has opened something. */
  private opening: OpeningQueue | undefined;
  /** Once one has come. */
  private earlyUpdates: EarlyUpdates | undefined;
  /** Set when they may see only some of the room's files. */
  private readonly holding: ReturnType<Room['holdPathView']> | undefined;
  private readonly viewFollowing: Disposable | undefined;
  private readonly hearsAccess: boolean;
  private accessVersion: number;
  /** By which the token was checked. */
  private checkedVersion: number;
  private isStarted = false;

  constructor({ room, session, presenceId, admitted, outlet, services, ...abilities }: RoomConnectionOptions) {
    super();
    const { grant, standing, accessVersion } = admitted;
    const { canInflate = false, hearsAccess = false, hearsDigests = false } = abilities;
    this.room = room;
    this.services = services;
    this.hearsAccess = hearsAccess;
    this.accessVersion = accessVersion;
    this.checkedVersion = accessVersion;
    this.holding = grant.paths && room.holdPathView(grant.paths);
    const { view } = this.holding ?? {};
    this.self = { presenceId, session, grant, standing, outlet, canInflate, hearsDigests, view, place: this };
    this.usage = services.tenants.enter(grant.tenant);
    room.enter(this.self);
    this.viewFollowing = this.holding?.view.onDidChange(() => this.checkView());
  }

  get presenceId(): number {
    return this.self.presenceId;
  }

  /** Call once `welcome` was sent. */
  start(): void {
    this.isStarted = true;
    if (this.hearsAccess) this.sendAccess();
    this.room.presence.introduce(this.self.presenceId);
    this.applyNewer();
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
        const opened = this.find(message.handle)?.opened;
        return opened?.document.copies.noteApplied(opened.subscription, message.seq);
      }
      case 'digest':
        return this.digest(message);
      case 'compare':
        return void (this.comparison ??= this.createComparison()).answer(message);
      case 'presence':
        return this.room.presence.show(this.self.presenceId, message.state);
    }
  }

  /** The token was renewed; what it says counts from now on. */
  renew({ grant, standing, accessVersion }: Admitted): void {
    const isRenamed = grant.name !== this.self.grant.name;
    this.self.grant = grant;
    this.checkedVersion = accessVersion;
    this.accessVersion = Math.max(this.accessVersion, accessVersion);
    this.changeStanding(standing, isRenamed);
    if (this.hearsAccess) this.sendAccess();
    this.applyNewer();
  }

  /** Owners may have changed something since the token was checked. */
  private applyNewer(): void {
    const { latestAccess } = this.room;
    if (latestAccess && latestAccess.version !== this.checkedVersion) this.applyAccess(latestAccess);
  }

  /** Takes what owners have set or taken back. */
  applyAccess(access: RoomAccess): void {
    const { grant, standing, outlet } = this.self;
    const verdict = standingOf(grant, access);
    if (verdict.kind === 'revoked') return outlet.end(CLOSE_CODES.revoked, verdict.explanation);
    const isOtherVersion = access.version !== this.accessVersion;
    this.accessVersion = access.version;
    const isChanged = this.changeStanding(verdict.standing, false);
    if (!this.isStarted) return;
    // Others have no use for the version, which also rises when somebody comes in.
    const isNews = isChanged || (isOtherVersion && verdict.standing.role === 'owner');
    if (this.hearsAccess && isNews) this.sendAccess();
    const { role, writesAs } = verdict.standing;
    if (!this.hearsAccess && (role !== standing.role || writesAs !== standing.writesAs)) {
      outlet.send({ type: 'renewed', role: writesAs, tokenExpiresAtMs: grant.expiresAtMs }, 'control');
    }
  }

  private changeStanding(standing: Standing, isRenamed: boolean): boolean {
    const before = this.self.standing;
    this.self.standing = standing;
    if (isRenamed || standing.role !== before.role) this.room.presence.identityChanged(this.self);
    for (const { opened } of [...this.open.values()]) opened?.document.standingChanged(opened.subscription);
    return (
      standing.role !== before.role ||
      standing.writesAs !== before.writesAs ||
      standing.chat !== before.chat ||
      standing.presenter !== before.presenter ||
      standing.explanation !== before.explanation
    );
  }

  private sendAccess(): void {
    const { role, writesAs, chat, presenter, explanation } = this.self.standing;
    const version = this.accessVersion;
    this.self.outlet.send({ type: 'access', role, writesAs, chat, presenter, version, explanation }, 'control');
  }

  /** The connection was lagging and reads again. */
  caughtUp(): void {
    for (const { opened } of [...this.open.values()]) opened?.document.caughtUp(opened.subscription);
    this.room.presence.caughtUp(this.self.presenceId);
  }

  documentClosed(handle: number): void {
    this.forget(handle);
  }

  /** Leaves the room. */
  protected release(): void {
    this.comparison?.end();
    this.opening?.dispose();
    for (const handle of [...this.open.keys()]) this.forget(handle);
    this.viewFollowing?.dispose();
    this.holding?.dispose();
    this.room.leave(this.self);
    this.services.tenants.leave(this.self.grant.tenant);
  }

  private openDocument({
    handle,
    document: name,
    epoch,
    afterSeq,
    stateVector,
  }: Extract<RoomMessage, { type: 'open' }>) {
    if (this.usedHandles.has(handle)) throw new ProtocolError(`handle ${handle} is used twice`);
    if (this.usedHandles.scattered >= MAX_SCATTERED_HANDLES)
      throw new ProtocolError('too many handles that are not counted up');
    checkStateVector(stateVector);
    this.usedHandles.add(handle);
    if (this.open.size >= PROTOCOL_LIMITS.maxOpenDocuments) {
      const explanation = `At most ${PROTOCOL_LIMITS.maxOpenDocuments} documents can be open at once.`;
      return this.sendClosed(handle, 'too-many-documents', explanation);
    }
    this.opening ??= new OpeningQueue(this.services.scheduler, (next, request) => this.answerNext(next, request));
    if (!this.opening.add(handle, { epoch, afterSeq, stateVector }))
      return this.sendClosed(handle, 'too-many-documents', 'Too much waits to be opened. Open it again later.');
    this.open.set(handle, { name, opened: undefined });
  }

  private async answerNext(handle: number, request: ClientHas): Promise<void> {
    try {
      await this.answerOpen(handle, request);
    } catch (error) {
      this.services.documents.reportProblem(error);
    }
  }

  private async answerOpen(handle: number, request: ClientHas): Promise<void> {
    const entry = this.open.get(handle);
    if (!entry) return;
    let { name }: { name: string | undefined } = entry;
    try {
      name = await this.servedAs(entry.name);
    } catch (error) {
      // The view has reported it.
      return this.closeUnreadable(handle, entry, explainViewFailure(error));
    }
    // It may have been closed meanwhile.
    if (this.isDisposed || this.open.get(handle) !== entry) return;
    if (name === undefined) return this.forbid(handle);
    const document = this.room.acquire(name);
    const subscription = new Subscription(this.self, handle, name);
    entry.opened = { document, subscription };
    document.subscribe(subscription);
    try {
      await document.answerOpen(subscription, request);
    } catch (error) {
      this.services.documents.reportProblem(error);
      return this.closeUnreadable(handle, entry, explainReadFailure(error));
    }
    // Access may have been taken back while the document was read.
    if (this.isDisposed || this.open.get(handle) !== entry) return;
    for (const { clientSeq, payload } of this.earlyUpdates?.take(handle) ?? [])
      document.submit(subscription, clientSeq, payload);
  }

  private closeUnreadable(handle: number, entry: OpenDocument, explanation: string): void {
    if (this.open.get(handle) !== entry) return;
    this.forget(handle);
    this.sendClosed(handle, 'unreadable', explanation);
  }

  /** Which document stands for the one that was asked for; undefined when it is none of theirs. */
  private async servedAs(name: string): Promise<string | undefined> {
    const view = this.holding?.view;
    if (!view || name === CHAT_DOCUMENT) return name;
    await view.ready();
    if (name === INDEX_DOCUMENT) return view.documentName;
    return view.allows(name) ? name : undefined;
  }

  private forbid(handle: number): void {
    this.forget(handle);
    this.sendClosed(handle, 'forbidden', 'This is not part of what was shared with you.');
  }

  /** Documents may have left the paths that are theirs. */
  private checkView(): void {
    for (const [handle, { name, opened }] of [...this.open]) {
      if (!opened || name === INDEX_DOCUMENT || name === CHAT_DOCUMENT) continue;
      if (this.holding?.view.allows(name) === false) this.forbid(handle);
    }
    this.room.presence.viewChanged(this.self.presenceId);
  }

  private sendClosed(handle: number, reason: ClosingReason, explanation: string): void {
    this.self.outlet.send({ type: 'document-closed', handle, reason, explanation }, 'control');
  }

  private closeDocument(handle: number): void {
    this.find(handle);
    this.forget(handle);
  }

  private update({ handle, clientSeq, payload }: Extract<RoomMessage, { type: 'update' }>): void {
    const found = this.find(handle);
    if (!found) return;
    const { opened } = found;
    if (clientSeq === 0) throw new ProtocolError('clientSeq 0');
    const isEarly = !opened || opened.subscription.state === 'opening';
    const isTaken = this.takeFromRates(payload.byteLength) && (!isEarly || this.keepEarly(handle, clientSeq, payload));
    if (!isTaken) {
      const explanation = 'Too many edits at once. They are kept here and sent again.';
      this.self.outlet.send({ type: 'refused', handle, clientSeq, reason: 'rate-limited', explanation }, 'control');
    } else if (!isEarly) opened.document.submit(opened.subscription, clientSeq, payload);
  }

  /** What comes too fast is left out: the next one says as much. */
  private digest({ handle, seq, state, text }: Extract<RoomMessage, { type: 'digest' }>): void {
    const opened = this.find(handle)?.opened;
    this.digests ??= new TokenBucket(DIGESTS, this.services.scheduler);
    if (opened && this.digests.take(1)) opened.document.copies.noteDigest(opened.subscription, { seq, state, text });
  }

  private createComparison(): HeadComparison {
    const { scheduler, documents, comparisons: turns } = this.services;
    const { log, reportProblem } = documents;
    const { outlet, grant } = this.self;
    const from = {
      room: this.room.key,
      subject: grant.subject,
      outlet,
      servedAs: (name: string) => this.servedAs(name),
    };
    return new HeadComparison({ ...from, log, scheduler, turns, reportProblem });
  }

  private keepEarly(handle: number, clientSeq: number, payload: Uint8Array): boolean {
    this.earlyUpdates ??= new EarlyUpdates();
    return this.earlyUpdates.add(handle, { clientSeq, payload });
  }

  /** Whether an update is within what the connection, and all of its tenant, may write. */
  private takeFromRates(byteLength: number): boolean {
    const { limits, scheduler } = this.services;
    this.rates ??= new WriteRates(limits, scheduler);
    return this.rates.take(byteLength) && this.usage.takeUpdate(byteLength);
  }

  /** Undefined when the document was closed: the message may have crossed the closing (SPEC DO2). */
  private find(handle: number): OpenDocument | undefined {
    const found = this.open.get(handle);
    if (!found && !this.usedHandles.has(handle)) throw new ProtocolError(`handle ${handle} was never opened`);
    return found;
  }

  private forget(handle: number): void {
    const found = this.open.get(handle);
    if (!found) return;
    this.open.delete(handle);
    this.opening?.delete(handle);
    this.earlyUpdates?.take(handle);
    if (!found.opened) return;
    found.opened.document.unsubscribe(found.opened.subscription);
    this.room.release(found.opened.document);
  }
}
