import { personName, presenceId, role } from '../common-fields.ts';
import { bytes, flag, list, optional, struct, text } from '../field-codecs.ts';
import { PROTOCOL_LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';

/** Who a presence belongs to, stamped by the relay from the token. */
const identity = struct({ subject: text(128), name: personName, role });

/**
 * What changed in the room's presence since the last such message. An entry carries the identity when it is new to
 * this connection, and the state when it changed; `isGone` ends it.
 */
export const presence = defineMessage(
  8,
  'presence',
  struct({
    entries: list(
      struct({
        presenceId,
        isGone: flag,
        identity: optional(identity),
        state: optional(bytes(PROTOCOL_LIMITS.maxPresenceStateBytes)),
      }),
      10_000,
    ),
  }),
);
