import { seq } from './common-fields.ts';
import { fixedBytes, type FieldValue, struct } from './field-codecs.ts';

/** Bytes of each hash of a digest. */
export const DIGEST_HASH_BYTES = 16;

/** The fields of a digest (SPEC DG2). */
export const digestFields = {
  seq,
  state: fixedBytes(DIGEST_HASH_BYTES),
  text: fixedBytes(DIGEST_HASH_BYTES),
};

export const documentDigest = struct(digestFields);

/**
 * What a copy of a document is: how far it has everything that was committed, a hash of the Yjs state and one of the
 * text. Two of the same `seq` and `state` have the same text.
 */
export type DocumentDigest = FieldValue<typeof documentDigest>;
