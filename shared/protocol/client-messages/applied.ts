import { handle, seq } from '../common-fields.ts';
import { struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** The client has stored everything through `seq`; others see it as "seen". */
export const applied = defineMessage(5, 'applied', struct({ handle, seq }));
