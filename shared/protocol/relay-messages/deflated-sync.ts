import { handle, seq, updatePayload } from '../common-fields.ts';
import { flag, struct, uint } from '../field-codecs.ts';
import { defineMessage } from '../message.ts';

/** A `sync` whose payload is compressed as raw DEFLATE; it has `byteLength` bytes when inflated (SPEC CP). */
export const deflatedSync = defineMessage(
  14,
  'deflated-sync',
  struct({ handle, throughSeq: seq, isLast: flag, byteLength: uint, payload: updatePayload }),
);
