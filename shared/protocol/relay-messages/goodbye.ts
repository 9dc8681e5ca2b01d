import { explanation } from '../common-fields.ts';
import { struct, uint } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** Sent before the relay closes: the close code, when to come back (0: no hint) and why. */
export const goodbye = defineMessage(13, 'goodbye', struct({ closeCode: uint, retryAfterMs: uint, explanation }));
