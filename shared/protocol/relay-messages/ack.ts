import { clientSeq, handle, seq } from '../common-fields.ts';
import { struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** The client's updates through `clientSeq` are durable on the relay; the last of them is committed as `seq`. */
export const ack = defineMessage(6, 'ack', struct({ handle, clientSeq, seq }));
