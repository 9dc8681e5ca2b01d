import { token } from '../common-fields.ts';
import { struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** Replaces the connection's token by a fresh one for the same room and subject. */
export const renew = defineMessage(7, 'renew', struct({ token }));
