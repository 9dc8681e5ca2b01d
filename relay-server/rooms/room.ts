import { type Disposable, DisposableStore } from '../../shared/lifecycle/index.ts';
import type { Backplane, BackplaneMessage, PublishToPeers } from '../backplane/backplane.ts';
import { type DocumentServices, LiveDocument } from './document.ts';
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
  private readonly owned = new DisposableStore();
  private readonly publish: PublishToPeers;
  private readonly onEmpty: () => void;

  /** `onEmpty` is called when nobody is in the room and no document is in memory. */
  constructor(key: RoomKey, services: DocumentServices, backplane: Backplane, onEmpty: () => void) {
    this.key = key;
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
  }

  leave(participant: Participant): void {
    this.participants.delete(participant);
    this.presence.leave(participant.presenceId);
    this.checkEmpty();
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
    for (const document of this.openDocuments) void document.askLog();
  }

  private receive(message: BackplaneMessage, nodeId: string): void {
    switch (message.kind) {
      case 'kick':
        return this.kick(message);
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

  private kick({ linkId, jti, subject }: { linkId?: string; jti?: string; subject?: string }): void {
    for (const { grant, outlet } of this.participants) {
      const isMeant =
        (linkId !== undefined && grant.linkId === linkId) ||
        (jti !== undefined && grant.jti === jti) ||
        (subject !== undefined && grant.subject === subject);
      if (isMeant) outlet.end(4403, 'Your access was taken back.');
    }
  }

  private checkEmpty(): void {
    if (this.participants.size === 0 && this.documents.size === 0) this.onEmpty();
  }

  dispose(): void {
    for (const timer of this.unloading.values()) timer.dispose();
    for (const document of this.documents.values()) document.dispose();
    this.unloading.clear();
    this.documents.clear();
    this.owned.dispose();
  }
}
