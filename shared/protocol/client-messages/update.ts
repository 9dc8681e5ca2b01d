import { clientSeq, handle, updatePayload } from '../common-fields.ts';
import { struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** An edit. It may stand for all of the session's earlier edits of the document that were not acked. */
export const update = defineMessage(4, 'update', struct({ handle, clientSeq, payload: updatePayload }));
