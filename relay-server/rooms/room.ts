import { type Disposable, DisposableStore, MutableDisposable, toDisposable } from '../../shared/lifecycle/index.ts';
import { CLOSE_CODES } from '../../shared/protocol/index.ts';
import type { AccessWatch } from '../access/access-watch.ts';
import type { Backplane, BackplaneMessage, PublishToPeers } from '../backplane/backplane.ts';
import type { RoomAccess } from '../log/access-directory.ts';
import { LiveDocument } from './document.ts';
import type { DocumentServices } from './document-services.ts';
import { PathView, pathViewName } from './path-view.ts';
import { PresenceBoard } from './presence-board.ts';
import type { Participant } from './subscription.ts';

/** A document that nobody has open stays in memory this long. */
const IDLE_DOCUMENT_MS = 30_000;

export interface RoomKey {
  readonly tenant: string;
  readonly room: string;
}

/** The live side of a room: its participants, their presence and the documents that they have open. */
export class Room implements Disposable {
  readonly key: RoomKey;
  readonly presence: PresenceBoard;
  private readonly services: DocumentServices;
  private readonly documents = new Map<string, LiveDocument>();
  private readonly unloading = new Map<string, Disposable>();
  private readonly participants = new Set<Participant>();
  private readonly views = new Map<string, { readonly view: PathView; holders: number }>();
  private readonly owned = new DisposableStore();
  private readonly publish: PublishToPeers;
  private readonly onEmpty: () => void;
  private readonly access: AccessWatch;
  private readonly accessWatching = this.owned.add(new MutableDisposable<Disposable>());

  /** `onEmpty` is called when nobody is in the room and no document is in memory. */
  constructor(
    key: RoomKey,
    services: DocumentServices,
    { backplane, access }: { readonly backplane: Backplane; readonly access: AccessWatch },
    onEmpty: () => void,
  ) {
    this.key = key;
    this.access = access;
    this.services = services;
    this.onEmpty = onEmpty;
    this.publish = (create) => {
      if (backplane.hasPeers(key)) backplane.publish(key, create());
    };
    const receive = (message: BackplaneMessage, nodeId: string) => this.receive(message, nodeId);
    this.owned.add(backplane.subscribe(key, receive, () => this.nowHeard()));
    this.presence = this.owned.add(
      new PresenceBoard(services.scheduler, services.isLogShared ? this.publish : undefined),
    );
  }

  /** The documents that somebody has open here. */
  get openDocuments(): readonly LiveDocument[] {
    return [...this.documents.values()].filter(({ isOpen }) => isOpen);
  }

  enter(participant: Participant): void {
    this.participants.add(participant);
    this.presence.join(participant);
    this.accessWatching.value ??= this.access.watch(this.key, (access) => {
      for (const present of this.participants) this.applyAccess(present, access);
    });
  }

  /** What owners have set, as it was read last here; undefined before the first time. */
  get latestAccess(): RoomAccess | undefined {
    return this.access.latest(this.key);
  }

  // What goes wrong with one must not keep it from the others.
  private applyAccess({ place, outlet }: Participant, access: RoomAccess): void {
    try {
      place.applyAccess(access);
    } catch (error) {
      this.services.reportProblem(error);
      outlet.end(CLOSE_CODES.tryAgainLater, 'The relay could not tell you what you may do now.');
    }
  }

  leave(participant: Participant): void {
    this.participants.delete(participant);
    this.presence.leave(participant.presenceId);
    if (this.participants.size === 0) this.accessWatching.value = undefined;
    this.checkEmpty();
  }

  /** What lies at the paths that `patterns` name, kept up for as long as somebody holds it. Dispose to give it back. */
  holdPathView(patterns: readonly string[]): Disposable & { readonly view: PathView } {
    const name = pathViewName(patterns);
    const held = this.views.get(name) ?? { view: this.createPathView(patterns), holders: 0 };
    this.views.set(name, held);
    held.holders++;
    const release = toDisposable(() => {
      if (--held.holders > 0 || this.views.get(name) !== held) return;
      this.views.delete(name);
      held.view.dispose();
    });
    return { view: held.view, dispose: () => release.dispose() };
  }

  private createPathView(patterns: readonly string[]): PathView {
    const { scheduler, reportProblem, createEpoch } = this.services;
    const sessionId = `${createEpoch()}${createEpoch()}`;
    return new PathView({ room: this, patterns, scheduler, sessionId, reportProblem: (error) => reportProblem(error) });
  }

  /** The document, taken into memory. Give it back with {@link Room.release}. */
  acquire(name: string): LiveDocument {
    this.unloading.get(name)?.dispose();
    this.unloading.delete(name);
    const present = this.documents.get(name);
    if (present) return present;
    const document = new LiveDocument({ ...this.key, document: name }, this.services, this.publish);
    this.documents.set(name, document);
    return document;
  }

  /** Somebody has closed the document: it is unloaded when nobody comes back soon. */
  release(document: LiveDocument): void {
    const name = document.key.document;
    if (document.isOpen || this.unloading.has(name) || this.documents.get(name) !== document) return;
    // One that nobody ever wrote to costs nothing to open again.
    if (document.isIdle && document.headSeq === 0) return this.unload(document);
    const timer = this.services.scheduler.schedule(() => {
      this.unloading.delete(name);
      if (!document.isIdle) return this.release(document);
      this.unload(document);
    }, IDLE_DOCUMENT_MS);
    this.unloading.set(name, timer);
  }

  private unload(document: LiveDocument): void {
    this.documents.delete(document.key.document);
    document.dispose();
    this.checkEmpty();
  }

  /** Other nodes are heard from now on; a document that was opened before may have missed something. */
  private nowHeard(): void {
    if (!this.services.isLogShared) return;
    for (const document of this.openDocuments) {
      document.copies.announce();
      void document.askLog();
    }
  }

  private receive(message: BackplaneMessage, nodeId: string): void {
    switch (message.kind) {
      case 'access':
        return this.access.noteVersion(this.key, message.version);
      case 'presence':
        return this.receivePresence(message, nodeId);
      case 'presence-wanted':
        return this.presence.announce();
      default:
        this.documents.get(message.document)?.receive(message, nodeId);
    }
  }

  private receivePresence(message: Extract<BackplaneMessage, { kind: 'presence' }>, nodeId: string): void {
    try {
      this.presence.receive(message, nodeId);
    } catch (error) {
      this.services.reportProblem(error);
    }
  }

  private checkEmpty(): void {
    if (this.participants.size === 0 && this.documents.size === 0) this.onEmpty();
  }

  dispose(): void {
    for (const { view } of this.views.values()) view.dispose();
    this.views.clear();
    for (const timer of this.unloading.values()) timer.dispose();
    for (const document of this.documents.values()) document.dispose();
    this.unloading.clear();
    this.documents.clear();
    this.owned.dispose();
  }
}
