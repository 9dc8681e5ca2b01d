import { handle, seq } from '../common-fields.ts';
import { struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** Everything through `seq` is committed and was sent on this connection. */
export const committed = defineMessage(5, 'committed', struct({ handle, seq }));
