import { documentName, epoch, handle, seq, stateVector } from '../common-fields.ts';
import { struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** Opens a document and asks for what the client lacks: everything after `afterSeq` of `epoch`, or beyond `stateVector`. */
export const open = defineMessage(
  2,
  'open',
  struct({ handle, document: documentName, epoch, afterSeq: seq, stateVector }),
);
