import type { CloseCode, RelayMessage } from '../../shared/protocol/index.ts';

/**
 * Queues of one connection, served in turn so that a large message delays no small one.
 * Within a lane the order is kept.
 */
export type Lane = 'control' | 'edits' | 'presence' | 'bulk';

/** The sending side of a connection, as a room sees it. */
export interface Outlet {
  /** `onSent` is called when the whole message was handed to the socket; not at all when the connection ends before. */
  send(message: RelayMessage, lane: Lane, onSent?: () => void): void;
  /** Sends a frame that was encoded before; it must not exceed the frame limit. */
  sendFrame(frame: Uint8Array, lane: Lane): void;
  /** True while the connection reads too slowly to be sent live edits. */
  readonly isLagging: boolean;
  /** Says goodbye and closes. */
  end(closeCode: CloseCode, explanation: string, retryAfterMs?: number): void;
}
