import { bytes, optional, struct } from '../field-codecs.ts';
import { PROTOCOL_LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';

/** The sender's presence; the latest wins. No state: present, with nothing to show. */
export const presence = defineMessage(
  6,
  'presence',
  struct({ state: optional(bytes(PROTOCOL_LIMITS.maxPresenceStateBytes)) }),
);
