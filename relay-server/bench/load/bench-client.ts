import type { WebSocketClient } from './web-socket-client.ts';

/** What a client holds of a document from before, as it says it when it comes back. */
export interface HeldDocument {
  readonly stateVector: Uint8Array;
  /** What a Yjs client answers to a server that has the same: its deletions. */
  readonly answer: Uint8Array;
  /** Of the Tutti protocol: where the client stood. */
  readonly cursor: DocumentCursor | undefined;
}

export interface DocumentCursor {
  readonly epoch: string;
  readonly seq: number;
}

export interface BenchClientOptions {
  readonly port: number;
  readonly room: string;
  readonly token: string;
  /** Tells clients apart; a positive integer. */
  readonly id: number;
  readonly held?: HeldDocument | undefined;
  /** A Yjs update: live, or in answer to opening the document. Valid during the call only. */
  readonly onUpdate?: (update: Uint8Array) => void;
  /** Messages of more bytes are counted and not read, so that they do not keep the generator busy. */
  readonly ignoresBeyond?: number;
  /** Such a message has arrived in full. */
  readonly onIgnored?: () => void;
  /** Everything sent through this number of updates is durable, as far as the server says so. */
  readonly onAcked?: (count: number) => void;
  /** Somebody's presence changed; `states` are their JSON texts. */
  readonly onPresence?: (states: () => readonly string[]) => void;
}

/** One client of one document that does on the wire what a stock client does, and keeps no text. */
export interface BenchClient {
  readonly socket: WebSocketClient;
  /** Resolves once the client has everything that was there when it came. Rejects when the connection ends before. */
  readonly synced: Promise<void>;
  /** Updates that the server would not take. */
  readonly refusals: number;
  /** Undefined for protocols without one. */
  readonly cursor: DocumentCursor | undefined;
  sendUpdate(update: Uint8Array): void;
  /** Shows this JSON text to the others. */
  showPresence(state: string): void;
  /** What a stock client sends every {@link HEARTBEAT_INTERVAL_MS}. */
  beat(): void;
  /** Ends the connection without a word. */
  close(): void;
}

export const HEARTBEAT_INTERVAL_MS = 15_000;
