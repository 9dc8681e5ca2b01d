/** Larger payloads are not copied behind their header. */
const MAX_COPIED_BYTES = 16 * 1024;
const BINARY = 0x82;
const PING = 0x89;
const MARKER_BYTES = 4;

let lastPayload: Uint8Array | undefined;
let lastBuffers: readonly Buffer[] = [];

/**
 * The bytes of a WebSocket frame that carries `payload` as a binary message, unmasked as a server sends it. What goes to
 * many sockets one after the other is made once; nobody may change it.
 */
export function toBinaryFrame(payload: Uint8Array): readonly Buffer[] {
  if (payload === lastPayload) return lastBuffers;
  lastPayload = payload;
  lastBuffers = createFrame(payload);
  return lastBuffers;
}

function createFrame(payload: Uint8Array): readonly Buffer[] {
  const { byteLength } = payload;
  const lengthBytes = byteLength < 126 ? 0 : byteLength < 65_536 ? 2 : 8;
  const isCopied = byteLength <= MAX_COPIED_BYTES;
  const head = Buffer.allocUnsafe(2 + lengthBytes + (isCopied ? byteLength : 0));
  head[0] = BINARY;
  head[1] = lengthBytes === 0 ? byteLength : lengthBytes === 2 ? 126 : 127;
  if (lengthBytes === 2) head.writeUInt16BE(byteLength, 2);
  else if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(byteLength), 2);
  if (!isCopied) return [head, Buffer.from(payload.buffer, payload.byteOffset, byteLength)];
  head.set(payload, 2 + lengthBytes);
  return [head];
}

/** The bytes of a WebSocket ping with a marker, an unsigned integer of 32 bits. */
export function toPingFrame(marker: number): Buffer {
  const frame = Buffer.allocUnsafe(2 + MARKER_BYTES);
  frame[0] = PING;
  frame[1] = MARKER_BYTES;
  frame.writeUInt32BE(marker >>> 0, 2);
  return frame;
}

/** The marker of a pong; 0 when it has none. */
export function readMarker(pong: Buffer): number {
  return pong.byteLength === MARKER_BYTES ? pong.readUInt32BE() : 0;
}
