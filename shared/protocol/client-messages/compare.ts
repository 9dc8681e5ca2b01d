import { documentName, epoch, requestId, seq } from '../common-fields.ts';
import { list, struct } from '../field-codecs.ts';
import { PROTOCOL_LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';

/** Asks which documents the relay has newer, or other, than the client: nothing is opened. Answered by `compared`. */
export const compare = defineMessage(
  17,
  'compare',
  struct({
    requestId,
    entries: list(struct({ document: documentName, epoch, seq }), PROTOCOL_LIMITS.maxComparedDocuments),
  }),
);
