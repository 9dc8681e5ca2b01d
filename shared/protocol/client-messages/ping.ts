import { struct, uint } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** Heartbeat; answered by `pong` with the same nonce. */
export const ping = defineMessage(8, 'ping', struct({ nonce: uint }));
