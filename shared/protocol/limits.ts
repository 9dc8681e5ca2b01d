/** Limits of the wire protocol (SPEC.md, chapter LM). Sizes in bytes. */
export const PROTOCOL_LIMITS = {
  /** Larger messages travel as chunks. */
  maxFrameBytes: 64 * 1024,
  /** Payload of one chunk, so that the frame around it stays below {@link PROTOCOL_LIMITS.maxFrameBytes}. */
  maxChunkPayloadBytes: 60 * 1024,
  /** A message put together from chunks. */
  maxMessageBytes: 32 * 1024 * 1024,
  /** One Yjs update sent by a client. */
  maxUpdateBytes: 16 * 1024 * 1024,
  maxPresenceStateBytes: 4 * 1024,
  maxTokenBytes: 8 * 1024,
  maxNameBytes: 256,
  /** A person's name, in code points; longer ones are cut. */
  maxNameCodePoints: 64,
  /** Documents open on one connection. */
  maxOpenDocuments: 20_000,
  /** Documents asked for at once by `compare`. */
  maxComparedDocuments: 20_000,
} as const;
