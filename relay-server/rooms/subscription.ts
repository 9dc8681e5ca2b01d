import type { DocumentAccess } from '../../shared/access/index.ts';
import type { SessionKey } from '../log/update-log.ts';
import type { RoomGrant } from '../access/room-grant.ts';
import { accessTo, type Standing } from '../access/standing.ts';
import type { RoomAccess } from '../log/access-directory.ts';
import type { Outlet } from './outlet.ts';
import type { DocumentsInView } from './presence-view.ts';

/** A participant's place in a room, as the room sees it. */
export interface Place {
  /** What owners have set or taken back is new: it takes effect at once. */
  applyAccess(access: RoomAccess): void;
  /** The document that was opened under `handle` is not served any more; the client was told. */
  documentClosed(handle: number): void;
}

/** A connection that was let into a room. */
export interface Participant {
  readonly presenceId: number;
  readonly session: SessionKey;
  /** Replaced when the token is renewed. */
  readonly grant: RoomGrant;
  /** Replaced when an owner changes what people may do. */
  readonly standing: Standing;
  readonly outlet: Outlet;
  /** The client takes `deflated-sync` (SPEC CP1). */
  readonly canInflate: boolean;
  /** The client takes `digests` (SPEC DG). */
  readonly hearsDigests?: boolean;
  /** Set when they may see only some of the room's files. */
  readonly view?: DocumentsInView | undefined;
  /** The relay itself, keeping up a list of a part of the room's files. */
  readonly isKeeper?: boolean;
  readonly place: Place;
}

/** Documents that list a part of a room's files; only the relay writes them. */
export const PATH_VIEW = /^view-/;

/** One connection's opening of one document. Keeps count of what was sent on it. */
export class Subscription {
  readonly participant: Participant;
  readonly handle: number;
  readonly document: string;
  /**
   * `opening` until the answer to `open` is sent: live updates go out, the client's own wait.
   * `missed`: it read too slowly and was not sent everything; it must open the document again.
   */
  state: 'opening' | 'open' | 'missed' | 'closed' = 'opening';
  /** The committed number that the client was told last. */
  notifiedSeq = 0;
  /** How far the client has stored the document. */
  appliedSeq = 0;
  /** Set while a message with a payload is still going out in chunks: nothing beyond it may be promised. */
  private heldSeq: number | undefined;
  private payloadsGoingOut = 0;

  constructor(participant: Participant, handle: number, document: string) {
    this.participant = participant;
    this.handle = handle;
    this.document = document;
  }

  get access(): DocumentAccess {
    if (PATH_VIEW.test(this.document)) return this.participant.isKeeper ? 'write' : 'read';
    return accessTo(this.participant.standing, this.document);
  }

  get isReceiving(): boolean {
    return this.state === 'opening' || this.state === 'open';
  }

  /** The number through which everything was sent on this connection, given that `headSeq` is committed. */
  promisedSeq(headSeq: number): number {
    return this.heldSeq ?? headSeq;
  }

  /** A payload that spans several frames starts to go out: nothing beyond `seq` may be promised until it has. */
  beginPayload(seq: number): void {
    this.heldSeq ??= seq;
    this.payloadsGoingOut++;
  }

  /** Gives true when no payload is going out any more. */
  endPayload(): boolean {
    if (--this.payloadsGoingOut > 0) return false;
    this.heldSeq = undefined;
    return true;
  }
}
