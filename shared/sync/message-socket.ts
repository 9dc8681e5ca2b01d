import type { Disposable } from '../lifecycle/index.ts';

/** Why a socket ended. Code 1006 stands for an end without a closing handshake. */
export interface SocketClose {
  readonly code: number;
  readonly reason: string;
  /** The status of the HTTP answer when the upgrade was refused; browsers do not tell. */
  readonly httpStatus?: number;
}

export interface SocketEvents {
  onOpen(): void;
  /** `frame` may be kept; the socket does not reuse it. A text frame is passed on as undefined. */
  onMessage(frame: Uint8Array | undefined): void;
  /** Fires exactly once, also when the socket never opened; nothing fires after it. */
  onClose(close: SocketClose): void;
}

/** A WebSocket reduced to what the engine needs. Disposing closes it without a further event. */
export interface MessageSocket extends Disposable {
  send(frame: Uint8Array): void;
  close(code: number, reason: string): void;
  /** Bytes handed to `send` that have not left yet. */
  readonly bufferedBytes: number;
}

/** Opens a binary WebSocket; failures arrive as `onClose`. No event fires before the call has returned. */
export type ConnectSocket = (url: string, events: SocketEvents) => MessageSocket;
