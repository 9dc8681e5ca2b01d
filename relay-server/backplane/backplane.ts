import type { Disposable } from '../../shared/lifecycle/index.ts';

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
      readonly author: number;
      readonly payload: Uint8Array;
    }
  /** Everything from `fromSeq` through `throughSeq` is in the log. */
  | {
      readonly kind: 'committed';
      readonly document: string;
      readonly epoch: string;
      readonly fromSeq: number;
      readonly throughSeq: number;
    }
  /** Encoded `presence` message of the wire protocol. */
  | { readonly kind: 'presence'; readonly message: Uint8Array }
  /** Close every connection of the token, the link or the person named. */
  | { readonly kind: 'kick'; readonly jti?: string; readonly linkId?: string; readonly subject?: string };

/** Carries messages between the nodes that serve one room. */
export interface Backplane {
  /** Sends to all subscribers of the room, on every node. Never throws and is not durable. */
  publish(room: BackplaneRoom, message: BackplaneMessage): void;
  subscribe(room: BackplaneRoom, listener: (message: BackplaneMessage) => void): Disposable;
}
