import type { PeerName } from '../peers/peer.ts';

/** Somebody in a room. */
export interface Person {
  readonly room: string;
  /** Tells people apart in all processes; a positive integer. */
  readonly id: number;
  readonly token: string;
}

/** What a process of clients is asked to do, one thing after the other. */
export type ClientProcessRequest =
  | {
      readonly kind: 'join';
      readonly server: PeerName;
      readonly port: number;
      readonly people: readonly Person[];
      /** Messages of more bytes are told of once they have arrived in full, and not read. */
      readonly ignoresBeyondBytes: number;
    }
  /** Everybody types at this rate until `finish`, the person `id` from `startMs + id / peopleInAll` of an interval. */
  | { readonly kind: 'type'; readonly startMs: number; readonly intervalMs: number; readonly peopleInAll: number }
  /** The first of them pastes. */
  | { readonly kind: 'paste'; readonly update: Uint8Array }
  | { readonly kind: 'finish' };

/** When something reached somebody, on the monotonic clock. The three lists belong together. */
export interface Arrivals {
  readonly authors: number[];
  /** Which of the author's edits: each is one character, so that its number is its Yjs clock. */
  readonly edits: number[];
  readonly atMs: number[];
}

/** What one process of clients saw. */
export interface Sightings {
  /** When each person's edits left, by the person's id. */
  readonly sentAtMs: ReadonlyMap<number, readonly number[]>;
  readonly arrivals: Arrivals;
}

/** What a process of clients says. Times are of the monotonic clock. */
export type ClientProcessReply =
  | { readonly kind: 'joined' }
  | { readonly kind: 'pasting'; readonly atMs: number }
  /** A message beyond `ignoresBeyondBytes` has arrived at one of them. */
  | { readonly kind: 'large-arrived'; readonly atMs: number }
  | { readonly kind: 'finished'; readonly sightings: Sightings }
  | { readonly kind: 'failed'; readonly explanation: string };
