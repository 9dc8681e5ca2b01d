import { role } from '../common-fields.ts';
import { struct, uint } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** The fresh token was taken. */
export const renewed = defineMessage(10, 'renewed', struct({ role, tokenExpiresAtMs: uint }));
