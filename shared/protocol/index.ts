export { CLOSE_CODES, type CloseCode, isPermanentCloseCode } from './close-codes.ts';
export { type ClientMessage, clientMessageCodec } from './client-messages.ts';
export { type RelayMessage, relayMessageCodec } from './relay-messages.ts';
export { type Chunk, ChunkAssembler, splitIntoChunks } from './chunk-assembler.ts';
export { PROTOCOL_LIMITS } from './limits.ts';
export { LinkWindow } from './link-window.ts';
export { ProtocolError } from './protocol-error.ts';
export { DIGEST_HASH_BYTES, type DocumentDigest } from './document-digest.ts';
export {
  ACCESS_FEATURE,
  COMPARE_FEATURE,
  DEFLATE_FEATURE,
  DIGEST_FEATURE,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
} from './version.ts';
