import { struct, uint } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** Answer to `ping`. */
export const pong = defineMessage(11, 'pong', struct({ nonce: uint }));
