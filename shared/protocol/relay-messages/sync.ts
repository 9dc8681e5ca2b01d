import { handle, seq, updatePayload } from '../common-fields.ts';
import { flag, struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** Part of what the client lacked. With `isLast` the client has everything through `throughSeq`. */
export const sync = defineMessage(3, 'sync', struct({ handle, throughSeq: seq, isLast: flag, payload: updatePayload }));
