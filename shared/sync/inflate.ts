import { Inflate } from 'fflate';
import { errorMessage } from '../lifecycle/index.ts';
import { PROTOCOL_LIMITS, ProtocolError } from '../protocol/index.ts';

/** What is inflated before its size is looked at again; it grows by a factor of 1,032 at most. */
const PIECE_BYTES = 4 * 1024;

/** Inflates raw DEFLATE to exactly `byteLength` bytes (SPEC CP2). Throws {@link ProtocolError} for anything else. */
export function inflate(deflated: Uint8Array, byteLength: number): Uint8Array {
  if (byteLength > PROTOCOL_LIMITS.maxMessageBytes) throw new ProtocolError(`${byteLength} bytes to inflate`, 4413);
  const whole = new Uint8Array(byteLength);
  let reached = 0;
  let isTooLarge = false;
  const stream = new Inflate((piece) => {
    isTooLarge ||= reached + piece.byteLength > byteLength;
    if (!isTooLarge) whole.set(piece, reached);
    reached += piece.byteLength;
  });
  try {
    for (let at = 0; at < deflated.byteLength && !isTooLarge; at += PIECE_BYTES) {
      stream.push(deflated.subarray(at, at + PIECE_BYTES), at + PIECE_BYTES >= deflated.byteLength);
    }
  } catch (error) {
    throw new ProtocolError(`what was deflated is damaged (${errorMessage(error)})`);
  }
  if (isTooLarge || reached !== byteLength) throw new ProtocolError(`it does not inflate to ${byteLength} bytes`);
  return whole;
}
