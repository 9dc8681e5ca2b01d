import { clientSeq, explanation, handle } from '../common-fields.ts';
import { oneOf, struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** Why the relay does not take an update. */
export const refusalReason = oneOf([
  'malformed',
  'too-large',
  'read-only',
  'rate-limited',
  'storage-full',
  'storage-failed',
]);

/** One update was not taken: it is neither stored nor shown to others. */
export const refused = defineMessage(7, 'refused', struct({ handle, clientSeq, reason: refusalReason, explanation }));
