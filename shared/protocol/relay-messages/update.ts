import { handle, presenceId, seq, updatePayload } from '../common-fields.ts';
import { struct } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** Somebody's edit, perhaps not committed yet. Everything through `committedSeq` was sent on this connection before. */
export const update = defineMessage(
  4,
  'update',
  struct({ handle, author: presenceId, committedSeq: seq, payload: updatePayload }),
);
