/** What a socket tells its connection. */
export interface ServerSocketEvents {
  /** One binary frame. It is not reused. */
  onFrame(frame: Uint8Array): void;
  /** A text frame came, which the protocol does not know. */
  onText(): void;
  /** Bytes have left: `bufferedBytes` has become smaller. */
  onDrain(): void;
  /** The client has answered the ping with this marker. */
  onPong?(marker: number): void;
  /** The socket is gone; nothing fires after it. Not fired after `terminate`. */
  onClose(): void;
}

/** A client's WebSocket reduced to what the gateway needs, so that tests can flush one by hand. */
export interface ServerSocket {
  /** Where the events go; set once, before anything else. */
  listen(events: ServerSocketEvents): void;
  /** Order is kept. A frame that `isPatient` may wait a moment for others, so that they leave together. */
  send(frame: Uint8Array, isPatient?: boolean): void;
  /** Starts the closing handshake after what was sent. */
  close(code: number, reason: string): void;
  /** Ends the socket at once. */
  terminate(): void;
  /** Bytes handed to `send` that have not left yet. */
  readonly bufferedBytes: number;
  /**
   * Asks the client, below the messages and in order with them, to answer with `onPong`. The marker is an unsigned
   * integer of 32 bits, 0 unless given. Absent when the transport cannot.
   */
  ping?(marker?: number): void;
}

/** A socket that can ask whether the client is there. */
export type PingableSocket = ServerSocket & Required<Pick<ServerSocket, 'ping'>>;
