import { documentName, epoch, requestId, seq } from '../common-fields.ts';
import { list, oneOf, struct } from '../field-codecs.ts';
import { PROTOCOL_LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';

/** Whether a `compare` was answered; `entries` is empty when it was not. */
export const comparison = oneOf(['done', 'rate-limited', 'unreadable']);

/** Answer to `compare`: those of its documents that stand elsewhere in the log, and where. */
export const compared = defineMessage(
  18,
  'compared',
  struct({
    requestId,
    outcome: comparison,
    entries: list(struct({ document: documentName, epoch, headSeq: seq }), PROTOCOL_LIMITS.maxComparedDocuments),
  }),
);
