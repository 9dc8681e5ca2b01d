/**
 * WebSocket close codes of the protocol (SPEC.md, chapter CC).
 * 4400–4499 are permanent: a client must not retry by itself. The others are transient.
 */
export const CLOSE_CODES = {
  /** The side that closes is done; nothing is wrong. */
  normal: 1000,
  /** The relay is restarting or draining; come back after the hint in `goodbye`. */
  serviceRestart: 1012,
  /** The relay cannot serve this connection now: it reads too slowly, or the relay or its log is overloaded. */
  tryAgainLater: 1013,
  /** The token is missing, malformed, forged, expired, or of another relay or room. */
  unauthenticated: 4401,
  /** The capability was taken back. */
  revoked: 4403,
  /** The room does not exist on this relay. */
  roomNotFound: 4404,
  /** A frame broke the protocol. */
  protocol: 4409,
  /** A frame or a message is larger than the relay takes. */
  tooLarge: 4413,
  /** The two sides share no protocol version. */
  version: 4426,
  /** No `hello` arrived in time. Transient: a slow network does this to anybody. */
  handshakeTimeout: 4508,
} as const;

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];

/** True when retrying by itself cannot help (SPEC CC2). */
export function isPermanentCloseCode(code: number): boolean {
  return code >= 4400 && code <= 4499;
}
