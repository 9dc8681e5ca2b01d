import { handle, presenceId } from '../common-fields.ts';
import { documentDigest } from '../document-digest.ts';
import { list, optional, struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** What others' copies of a document are; undefined for somebody who does not have it open any more. */
export const digests = defineMessage(
  17,
  'digests',
  struct({ handle, entries: list(struct({ presenceId, digest: optional(documentDigest) }), 10_000) }),
);
