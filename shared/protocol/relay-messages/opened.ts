import { documentAccess, epoch, handle, seq, stateVector } from '../common-fields.ts';
import { struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** Answer to `open`. The relay holds `stateVector`; the client sends what lies beyond it. One or more `sync` follow. */
export const opened = defineMessage(
  2,
  'opened',
  struct({ handle, epoch, headSeq: seq, stateVector, access: documentAccess }),
);
