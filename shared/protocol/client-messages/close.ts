import { handle } from '../common-fields.ts';
import { struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** The client wants no more of this document. */
export const close = defineMessage(3, 'close', struct({ handle }));
