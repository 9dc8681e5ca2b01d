import { bytes, struct, uint } from './field-codecs.ts';
import { PROTOCOL_LIMITS } from './limits.ts';
import { defineMessage } from './message.ts';

/**
 * A piece of a message that is too large for one frame (SPEC.md, chapter CH).
 * `stream` tells concurrent messages apart, `totalBytes` is the size of the whole, pieces arrive in order.
 */
export const chunk = defineMessage(
  15,
  'chunk',
  struct({
    stream: uint,
    totalBytes: uint,
    offset: uint,
    payload: bytes(PROTOCOL_LIMITS.maxChunkPayloadBytes),
  }),
);
