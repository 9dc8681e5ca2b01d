import type { Disposable, Event } from '../../shared/lifecycle/index.ts';
import type { DocumentDigest } from '../../shared/protocol/index.ts';

/** Names a room on all nodes. */
export interface BackplaneRoom {
  readonly tenant: string;
  readonly room: string;
}

/** What relay nodes tell each other about a room. Losing any of it harms nobody: the log is the truth. */
export type BackplaneMessage =
  /** An update that may not be committed yet. */
  | {
      readonly kind: 'update';
      readonly document: string;
      /** Counts the updates that the sending node takes for the document; `committed` names them by it. */
      readonly origin: number;
      /** Presence id of who made it. */
      readonly author: number;
      readonly payload: Uint8Array;
    }
  /** Updates of the sending node are in the log, from `fromSeq` on without a gap, in this order. */
  | {
      readonly kind: 'committed';
      readonly document: string;
      readonly epoch: string;
      readonly fromSeq: number;
      readonly origins: readonly number[];
    }
  /** An encoded `presence` message of the wire protocol about the sending node's people; `isWhole`: about all of them. */
  | { readonly kind: 'presence'; readonly isWhole: boolean; readonly message: Uint8Array }
  /** How far people of the sending node have stored a document, within its epoch. */
  | {
      readonly kind: 'seen';
      readonly document: string;
      readonly epoch: string;
      readonly entries: readonly { readonly presenceId: number; readonly seq: number }[];
    }
  /** What the copies of a document are with people of the sending node, within its epoch; undefined: not open any more. */
  | {
      readonly kind: 'digests';
      readonly document: string;
      readonly epoch: string;
      readonly entries: readonly { readonly presenceId: number; readonly digest: DocumentDigest | undefined }[];
    }
  /** A node that has just come asks the others for their people. */
  | { readonly kind: 'presence-wanted' }
  /** What owners have set or taken back has this version by now: it is read again, and takes effect. */
  | { readonly kind: 'access'; readonly version: number };

/** Carries messages between the nodes that serve one room. Each node has one of its own. */
export interface Backplane extends Disposable {
  /** Fires when messages may have been lost: the log must be asked. */
  readonly onDidLoseMessages: Event<void>;
  /**
   * Whether other nodes may serve the room. False spares making messages for nobody. Those who miss messages for it
   * learn so by {@link onDidLoseMessages} or `onHeard`.
   */
  hasPeers(room: BackplaneRoom): boolean;
  /** Sends to the room's subscribers on all other nodes. Never throws, never waits and is not durable. */
  publish(room: BackplaneRoom, message: BackplaneMessage): void;
  /**
   * `nodeId` names the sender, a new name for each start of a node. One node's messages come in their order.
   * `onHeard` is called when the room is heard from now on, unless it is at once: what was said before may be missing.
   */
  subscribe(
    room: BackplaneRoom,
    listener: (message: BackplaneMessage, nodeId: string) => void,
    onHeard?: () => void,
  ): Disposable;
}

/** Tells the other nodes of one room; `create` is called only when there are any. */
export type PublishToPeers = (create: () => BackplaneMessage) => void;
